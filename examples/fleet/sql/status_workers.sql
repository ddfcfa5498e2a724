-- The workers that were seen in the last half a minute.

select worker, in_flight, sent, accepted, refused, later, paused,
  extract(epoch from clock_timestamp() - seen_at)::float8 as seen_seconds_ago
from mobivate.workers
where seen_at > clock_timestamp() - interval '30 seconds'
order by worker
