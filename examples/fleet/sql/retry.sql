-- Makes final rows due again, a thousand at a time, as if they were new, but sent with
-- maybe_sent_before.
--   $1 states, or null; $2 codes, or null; $3 done at or after, or null
--   $4 when `retry` began: rows that are final again since then stay

update mobivate.stops
set state = 'waiting', due_at = clock_timestamp(), done_at = null, message_id = null, code = null,
  reason = null, http_status = null, after_unknown = null, attempts = 0, worker = null,
  sent_at = null, tries = 0, delays = 0, lost = 0, maybe_sent = true
where id = any (array(
  select id from mobivate.stops
  where done_at >= coalesce($3::timestamptz, '-infinity') and done_at < $4::timestamptz
    and ($1::text[] is null or state = any ($1::text[]))
    and ($2::integer[] is null or code = any ($2::integer[]))
  order by done_at limit 1000
  for update skip locked))
