-- What a worker says of itself. It writes on every call, so its commit also shows whether the synchronous
-- standby is there.
--   $1 worker, $2 … $6 counts, $7 why it is paused

insert into mobivate.workers as w
  (worker, in_flight, sent, accepted, refused, later, paused)
values ($1, $2::integer, $3::bigint, $4::bigint, $5::bigint, $6::bigint, $7)
on conflict (worker) do update
set seen_at = clock_timestamp(), in_flight = excluded.in_flight, sent = excluded.sent,
  accepted = excluded.accepted, refused = excluded.refused, later = excluded.later,
  paused = excluded.paused
