-- Gives rows back that were not sent by this lease, which then counts as none.
--
--   $1 worker
--   $2, $3, $4: id, lease, and when it was due before, an array each
--
-- Returns the rows that were given back.

update mobivate.stops s
set state = 'waiting', due_at = o.due_at
from unnest($2::bigint[], $3::bigint[], $4::timestamptz[]) as o (id, lease, due_at)
where s.id = o.id and s.lease = o.lease and s.worker = $1 and s.state = 'sending'
returning s.id
