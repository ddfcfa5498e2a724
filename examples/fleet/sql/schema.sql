-- The schema of the fleet, version 1. `fleet_unsubscribe setup` runs it; with another --schema it
-- writes that name in place of mobivate. Needs the right to create a schema in the database.

create schema if not exists mobivate;

-- One row a stop. An application inserts the nine columns from source to stop, with
-- `on conflict do nothing`, and nothing else.
create table mobivate.stops (
  source bigint not null,
  destination text not null,
  keyword text not null,
  amount bigint,
  frequency bigint,
  campaign text,
  provider text,
  reference text not null,
  stop text not null default 'flag' check (stop in ('flag', 'one')),

  id bigint generated always as identity primary key,
  lane smallint not null default 0 check (lane in (0, 1)),
  state text not null default 'waiting'
    check (state in ('waiting', 'sending', 'accepted', 'refused', 'not_sent', 'unknown')),
  message_id text,
  code integer,
  reason text,
  http_status integer,
  after_unknown boolean,
  attempts integer not null default 0,  -- HTTP requests whose outcome was written
  worker text,                          -- who has, or had, the last lease
  submitted_at timestamptz not null default now(),
  sent_at timestamptz,                  -- the first request
  done_at timestamptz,                  -- null: not final
  due_at timestamptz default now(),     -- null: final; of a row that is being sent: its lease's end

  lease bigint,                              -- number of the last lease
  tries integer not null default 0,          -- that count for --tries
  delays integer not null default 0,         -- how often it became due again: each is longer
  lost integer not null default 0,           -- leases that ran out
  maybe_sent boolean not null default false, -- a request may have come through without an answer

  constraint stops_key unique (destination, reference, keyword, source),
  check ((done_at is null) = (due_at is not null))
)
with (
  fillfactor = 60,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 1000,
  autovacuum_vacuum_insert_scale_factor = 0.1,
  autovacuum_analyze_scale_factor = 0.05,
  autovacuum_analyze_threshold = 1000,
  autovacuum_vacuum_cost_delay = 1
);

create index stops_due on mobivate.stops (lane, due_at, id) where due_at is not null;
create index stops_done on mobivate.stops (done_at) where done_at is not null;

-- Numbers of leases. No number is used twice, but after a failover: so a write also names the worker.
create sequence mobivate.leases;

-- One row: how fast the fleet sends. Each lease moves next_at on. While an old snapshot is open,
-- PostgreSQL keeps all old versions of this row. The index on `turn` finds the newest one.
create table mobivate.pacing (
  turn bigint not null default 0,
  rate integer not null default 10 check (rate between 0 and 1000000),  -- requests a second
  next_at timestamptz not null default 'epoch',     -- the first moment that is free
  held_until timestamptz not null default 'epoch',  -- set by a Retry-After of the gateway
  version integer not null default 1                  -- of this schema
)
with (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 500,
  autovacuum_vacuum_cost_delay = 0
);
create index pacing_turn on mobivate.pacing (turn);
insert into mobivate.pacing default values;

-- What workers say of themselves, for `status`. No lease depends on it.
create table mobivate.workers (
  worker text primary key,
  started_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  in_flight integer not null default 0,
  sent bigint not null default 0,
  accepted bigint not null default 0,
  refused bigint not null default 0,
  later bigint not null default 0,
  paused text  -- why it only probes, one stop a minute; null: it works
)
with (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 500
);
