-- Deletes a subscriber's final rows.
--   $1 destination

delete from mobivate.stops
where id = any (array(
  select id from mobivate.stops
  where destination = $1 and done_at is not null
  order by id limit 1000
  for update skip locked))
