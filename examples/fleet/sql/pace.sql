-- How fast the fleet may send, and for how many seconds the gateway holds it.

select rate, version, greatest(0, case when held_until < clock_timestamp() + interval '1 hour'
  then extract(epoch from held_until - clock_timestamp()) end)::integer as held_for
from mobivate.pacing
order by turn desc limit 1
