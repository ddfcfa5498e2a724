-- Leases rows that are due, in one statement: it picks them, reserves their send moments, and
-- marks them as being sent. If the second ahead is full, it changes nothing.
--
--   $1 worker
--   $2 most rows
--   $3 shortest length of a lease in seconds
--   $4 earliest send moment, in seconds from now: what this answer needs to reach the worker
--   $5, $6 and $7, $8: due_at and id after which to look in lane 0 and lane 1
--
-- Returns at least one row. `id` is null if nothing was leased; `wait` then says for how many
-- seconds the second ahead is full, and is null while the fleet is paused. `raced`: another worker
-- took the moments first. `end_of_lane_0`, `end_of_lane_1`: the statement looked at all rows of the
-- lane that are due, and `looked_until` is then where to look next.

with pace as materialized (
  -- A look without a lock; the update below decides. The 50 ms up to a second are for what others
  -- reserve meanwhile.
  select p.turn, p.rate, begins.at,
    greatest(0, extract(epoch from begins.at - (clock_timestamp() + interval '0.95 seconds')))
      ::float8 as wait,
    case when p.rate = 0 or begins.at > clock_timestamp() + interval '0.95 seconds' then 0
    else least($2::integer, 1 + trunc(0.95 * p.rate * extract(epoch from
      clock_timestamp() + interval '0.95 seconds' - begins.at)))::integer end as most
  from mobivate.pacing p, lateral (
    select greatest(clock_timestamp() + make_interval(secs => $4::float8),
      case when p.next_at < clock_timestamp() + interval '3 seconds' then p.next_at end,
      case when p.held_until < clock_timestamp() + interval '1 hour' then p.held_until end) as at
  ) begins
  order by p.turn desc limit 1
),

-- A tenth is for lane 1, by chance when fewer than ten are leased.
tenth as materialized (
  select trunc(most / 10.0 + random())::integer as most from pace
),
-- The inner limit is for the planner alone, which can't know the outer one: it would expect a tenth of
-- the table, and compile the statement anew each time (jit).
first_of_lane_1 as materialized (
  select * from (
    select id, due_at, state, lost from mobivate.stops
    where lane = 1 and due_at <= statement_timestamp()
      and (due_at, id) > ($7::timestamptz, $8::bigint)
    order by due_at, id
    limit 20000
    for update skip locked
  ) due
  limit (select most from tenth)
),
of_lane_0 as materialized (
  select * from (
    select id, due_at, state, lost from mobivate.stops
    where lane = 0 and due_at <= statement_timestamp()
      and (due_at, id) > ($5::timestamptz, $6::bigint)
    order by due_at, id
    limit 20000
    for update skip locked
  ) due
  limit (select most from pace) - (select count(*) from first_of_lane_1)
),
-- If lane 0 has too few rows due, lane 1 gets the rest.
rest_of_lane_1 as materialized (
  select * from (
    select id, due_at, state, lost from mobivate.stops
    where lane = 1 and due_at <= statement_timestamp()
      and (due_at, id) > (
        coalesce((select due_at from first_of_lane_1 order by due_at desc, id desc limit 1),
          $7::timestamptz),
        coalesce((select id from first_of_lane_1 order by due_at desc, id desc limit 1),
          $8::bigint))
    order by due_at, id
    limit 20000
    for update skip locked
  ) due
  limit (select most from pace) - (select count(*) from first_of_lane_1)
    - (select count(*) from of_lane_0)
),

-- A row that is still being sent has lost its lease. The fifth loss ends it.
picked as materialized (
  select *, state = 'sending' and lost >= 4 as ends,
    count(*) filter (where state <> 'sending' or lost < 4)
      over (order by lane, part, due_at, id rows unbounded preceding) - 1 as place
  from (
    select 0 as lane, 0 as part, * from of_lane_0
    union all select 1, 0, * from first_of_lane_1
    union all select 1, 1, * from rest_of_lane_1
  ) each_lane
),

-- The one row that paces the fleet. If another worker changed it meanwhile, PostgreSQL computes
-- this again from the new row.
paced as (
  update mobivate.pacing p
  set turn = p.turn + 1,
    next_at = greatest(clock_timestamp() + make_interval(secs => $4::float8),
      case when p.next_at < clock_timestamp() + interval '3 seconds' then p.next_at end,
      case when p.held_until < clock_timestamp() + interval '1 hour' then p.held_until end)
      + make_interval(secs => counted.rows / (0.95 * p.rate))
  from (select count(*) filter (where not ends) as rows from picked having count(*) > 0) counted
  where p.turn >= (select turn from pace)
    and p.rate > 0
    -- The last moment is at most a second ahead.
    and greatest(clock_timestamp() + make_interval(secs => $4::float8),
      case when p.next_at < clock_timestamp() + interval '3 seconds' then p.next_at end,
      case when p.held_until < clock_timestamp() + interval '1 hour' then p.held_until end)
      + make_interval(secs => greatest(counted.rows - 1, 0) / (0.95 * p.rate))
      <= clock_timestamp() + interval '1 second'
  returning nextval('mobivate.leases') as lease, 1 / (0.95 * p.rate) as step,
    p.next_at - make_interval(secs => counted.rows / (0.95 * p.rate)) as begins,
    clock_timestamp() as at
),

leased as (
  update mobivate.stops s
  set state = case when s.state = 'sending' and s.lost >= 4 then 'unknown' else 'sending' end,
    lost = s.lost + (s.state = 'sending')::integer,
    maybe_sent = s.maybe_sent or s.state = 'sending',
    lease = (select lease from paced),
    worker = $1,
    -- Rows that were lost together must not come due together.
    due_at = case when s.state = 'sending' and s.lost >= 4 then null
      else clock_timestamp() + make_interval(secs =>
        $3::float8 * (1 + (s.lost + (s.state = 'sending')::integer) * random())) end,
    done_at = case when s.state = 'sending' and s.lost >= 4 then clock_timestamp() end,
    after_unknown = case when s.state = 'sending' and s.lost >= 4 then false
      else s.after_unknown end,
    reason = case when s.state = 'sending' and s.lost >= 4
      then 'five leases ran out: each worker that had this stop died, was suspended, or lost the '
        'database. Find out why, then use: retry --state unknown' else s.reason end
  where s.id = any (array(select id from picked)) and (select count(*) from paced) = 1
  returning s.*
)

select (extract(epoch from clock_timestamp()) * 1000000)::bigint as clock,
  case when pace.rate > 0 then pace.wait end as wait,
  (select count(*) from picked) > 0 and (select count(*) from paced) = 0 as raced,
  (select count(*) from first_of_lane_1) + (select count(*) from of_lane_0) < pace.most
    as end_of_lane_0,
  (select count(*) from picked) < pace.most as end_of_lane_1,
  -- Who inserts in a transaction that began before may commit after this look: a tenth of a second
  -- is looked at again each time, and what commits later still when a worker goes back.
  to_char((statement_timestamp() - interval '0.1 seconds') at time zone 'UTC',
    'YYYY-MM-DD HH24:MI:SS.US') || '+00' as looked_until,
  l.lease, l.id,
  extract(epoch from l.due_at - clock_timestamp())::float8 as seconds,
  (extract(epoch from paced.begins + make_interval(secs => p.place * paced.step))
    * 1000000)::bigint as moment,
  (extract(epoch from paced.at) * 1000000)::bigint as paced,
  l.lane,
  -- As text that sorts as the times do.
  coalesce(to_char(p.due_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || '+00',
    p.due_at::text) as was_due_at,
  p.ends, l.maybe_sent, l.tries, l.delays,
  l.source, l.destination, l.keyword, l.amount, l.frequency, l.campaign, l.provider, l.reference,
  l.stop
from pace
left join (leased l join picked p on p.id = l.id cross join paced) on true
order by p.place
