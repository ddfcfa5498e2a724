-- Holds the whole fleet, an hour at most, since the gateway asked for it by Retry-After.
--   $1 seconds

update mobivate.pacing p
set turn = p.turn + 1,
  held_until = greatest(
    case when p.held_until < clock_timestamp() + interval '1 hour' then p.held_until end,
    clock_timestamp() + make_interval(secs => least($1::float8, 3600)))
where p.turn >= (select turn from mobivate.pacing order by turn desc limit 1)
