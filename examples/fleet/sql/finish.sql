-- Writes the outcomes of many rows. A row counts only while it is being sent by the same lease of
-- the same worker, so a worker that comes too late overwrites nobody, and a statement whose commit
-- was in doubt can be repeated.
--
--   $1 worker
--   $2 … $15: an array each, with one element for each row
--
-- Returns the rows that were written.

update mobivate.stops s
set state = o.state,
  message_id = o.message_id,
  code = o.code,
  reason = o.reason,
  http_status = o.http_status,
  after_unknown = o.after_unknown,
  attempts = s.attempts + o.attempts,
  tries = s.tries + o.tries,
  delays = s.delays + o.delays,
  maybe_sent = s.maybe_sent or o.maybe_sent,
  sent_at = coalesce(s.sent_at, clock_timestamp() - make_interval(secs => o.sent_ago)),
  done_at = case when o.due_in is null then clock_timestamp() end,
  due_at = clock_timestamp() + make_interval(secs => o.due_in)
from unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::integer[], $7::text[],
  $8::integer[], $9::boolean[], $10::integer[], $11::integer[], $12::integer[], $13::boolean[],
  $14::float8[], $15::float8[])
  as o (id, lease, state, message_id, code, reason, http_status, after_unknown, attempts, tries,
    delays, maybe_sent, sent_ago, due_in)
where s.id = o.id and s.lease = o.lease and s.worker = $1 and s.state = 'sending'
returning s.id
