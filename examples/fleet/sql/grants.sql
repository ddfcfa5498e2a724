-- Rights for three roles that exist already. A DBA runs it as the owner of the schema, with psql:
--   psql -v application=shop -v worker=mobivate_worker -v operator=mobivate_operator -f grants.sql
-- One role may be given for several.

-- An application inserts stops, in nine columns, and reads nothing.
grant usage on schema mobivate to :application;
grant insert (source, destination, keyword, amount, frequency, campaign, provider, reference, stop)
  on mobivate.stops to :application;

-- A worker leases stops and writes their outcomes: fleet_unsubscribe work.
grant usage on schema mobivate to :worker;
grant select, update on mobivate.stops, mobivate.pacing to :worker;
grant usage on sequence mobivate.leases to :worker;
grant select, insert, update, delete on mobivate.workers to :worker;

-- An operator reads: fleet_unsubscribe find, status and rate.
grant usage on schema mobivate to :operator;
grant select on mobivate.stops, mobivate.pacing, mobivate.workers to :operator;
-- So that `status` can tell what sessions of other roles do that hold vacuum up, from a superuser:
--   grant pg_read_all_stats to :operator;
-- Other commands need more:
--   rate N: grant update on mobivate.pacing to :operator;
--   submit: grant insert on mobivate.stops to :operator;
--   retry:  grant update on mobivate.stops to :operator;
--   forget: grant update, delete on mobivate.stops to :operator;
