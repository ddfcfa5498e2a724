-- Who keeps vacuum from removing old versions of rows, for more than a minute.

select 'session ' || pid || coalesce(' of ' || usename, '')
    || coalesce(' (' || nullif(application_name, '') || ')', '') as holder,
  coalesce(state, 'state not shown: needs pg_read_all_stats') as what,
  extract(epoch from clock_timestamp() - xact_start)::float8 as seconds
from pg_catalog.pg_stat_activity
where (backend_xmin is not null or backend_xid is not null) and pid <> pg_backend_pid()
  and (datname = current_database() or datname is null)
  -- Without pg_read_all_stats, the type of another role's session is null. A walsender holds vacuum up
  -- for a standby with hot_standby_feedback.
  and coalesce(backend_type, 'client backend') in ('client backend', 'walsender')
  and coalesce(xact_start < clock_timestamp() - interval '1 minute',
    age(coalesce(backend_xmin, backend_xid)) > 10000)
union all
select 'prepared transaction ' || gid, 'prepared',
  extract(epoch from clock_timestamp() - prepared)::float8
from pg_catalog.pg_prepared_xacts
where database = current_database() and prepared < clock_timestamp() - interval '1 minute'
union all
select 'replication slot ' || slot_name, case when active then 'active' else 'not active' end, null
from pg_catalog.pg_replication_slots
where xmin is not null and age(xmin) > 100000
order by 3 desc nulls last
