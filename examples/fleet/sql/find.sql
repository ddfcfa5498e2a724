-- What became of a subscriber's stops, the newest first.
--   $1 destination

select source, destination, keyword, amount, frequency, campaign, provider, reference, stop, lane,
  state, message_id, code, reason, http_status, after_unknown, attempts, worker,
  to_char(submitted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as submitted_at,
  to_char(sent_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as sent_at,
  to_char(done_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as done_at,
  to_char(due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as due_at
from mobivate.stops
where destination = $1
order by stops.submitted_at desc, id desc
