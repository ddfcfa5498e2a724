-- Deletes rows that were final some days ago.
--   $1 days

delete from mobivate.stops
where id = any (array(
  select id from mobivate.stops
  where done_at < statement_timestamp() - make_interval(days => $1::integer)
  order by done_at limit 1000
  for update skip locked))
