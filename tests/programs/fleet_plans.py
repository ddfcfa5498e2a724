"""The plans of the fleet's statements, and its speed while a snapshot is held:
   fleet_plans.py DIRECTORY_OF_THE_PROGRAMS"""

import json
import os
import re
import statistics
import time

import fleet_tool
from fleet_tool import FleetTest, TYPES

EMPTY = ", ".join(["'{}'"] * 14)
VALUES = {
    "lease": "'w', 64, 90, 0.01, '-infinity', 0, '-infinity', 0",
    "finish": "'w', " + EMPTY,
    "give_back": "'w', '{}', '{}', '{}'",
    "find": "'254711000001'", "forget_old": "30",
}


class Plans(FleetTest):
    def plan(self, name):
        """The generic plan, as a prepared statement has it."""
        values = f"({VALUES[name]})" if name in VALUES else ""
        return self.sql(f"set plan_cache_mode = force_generic_plan; {self.prepare(name)}"
                        f"explain execute {name}{values}")

    def fill(self, rows):
        """A table most of whose rows are final."""
        self.sql(f"""insert into mobivate.stops (source, destination, keyword, reference, lane,
            state, done_at, due_at)
            select 1, '2547' || i, 'k', i::text, i % 2,
              case when i % 10 = 0 then 'waiting' else 'accepted' end,
              case when i % 10 = 0 then null else now() - make_interval(secs => i) end,
              case when i % 10 = 0 then now() end
            from generate_series(1, {rows}) i""")
        self.sql("analyze mobivate.stops")

    def test_statements_find_their_rows_by_an_index(self):
        self.fill(50_000)
        for name in TYPES:
            with self.subTest(name):
                self.assertNotIn("Seq Scan on stops", self.plan(name), self.plan(name))
        lease = self.plan("lease")
        self.assertEqual(len(re.findall(r"Index Scan using stops_due", lease)), 3, lease)
        self.assertEqual(len(re.findall(r"Index Cond: .*due_at, id\) >", lease)), 3, lease)
        self.assertNotIn("Sort Key: stops.due_at", lease)
        for name in ("lease", "finish", "give_back"):
            self.assertRegex(self.plan(name), "stops_pkey")
        self.assertIn("stops_key", self.plan("find"))

    def test_a_lease_is_not_compiled_anew_however_many_rows_are_due(self):
        self.fill(20_000)
        self.sql("update pg_class set reltuples = 100000000 "
                 f"where oid = '{self.schema}.stops'::regclass")
        lease = self.plan("lease")
        self.assertIn("rows=", lease)
        self.assertNotIn("JIT", lease)
        self.assertNotIn("Seq Scan on stops", lease)
        self.assertLess(float(re.search(r"cost=[0-9.]+?\.\.([0-9.]+)", lease)[1]), 50_000, lease)

    def hold_a_snapshot(self):
        """Until the test ends, vacuum can't remove what it sees."""
        snapshot = self.cluster.psql()
        self.addCleanup(snapshot.communicate, "commit;\n", timeout=10)
        snapshot.stdin.write("begin isolation level repeatable read; select 1;\n")
        snapshot.stdin.flush()
        snapshot.stdout.readline()
        return snapshot

    def test_a_worker_reads_the_dead_rows_of_a_lane_seldom(self):
        """Also those of a lane in which nothing is due."""
        dead = 30_000
        self.insert(1, dead)
        self.hold_a_snapshot()
        self.sql("update mobivate.stops set state = 'accepted', done_at = now(), due_at = null")
        self.sql("analyze mobivate.stops")
        self.insert(dead + 1, dead + 2_000, ", lane", ", 1")
        self.start_gateway()
        self.rate(1_000_000)
        index = (f"select idx_tup_read from pg_stat_user_indexes where schemaname = '{self.schema}' "
                 "and indexrelname = 'stops_due'")
        before = self.number(index)
        self.assert_ends(self.fleet("work", "--until-empty", "--in-flight", 8), 0)
        leases = self.number("select last_value from mobivate.leases")
        self.assertGreaterEqual(leases, 125)
        self.wait_for(lambda: self.number(index) - before >= 2_000, "statistics")
        self.assertLess(self.number(index) - before, leases * dead / 5)

    def start_worker_whose_first_look_takes(self, seconds, *arguments):
        """As among many dead rows: then it looks at all rows again only after 20 times as long."""
        lock = self.cluster.psql()
        lock.stdin.write(f"begin; lock table {self.schema}.stops in share mode; select 'held';\n")
        lock.stdin.flush()
        lock.stdout.readline()
        worker = self.start_worker(*arguments)
        self.wait_for(lambda: self.number("select count(*) from pg_stat_activity where "
                                          "wait_event_type = 'Lock' and application_name = "
                                          "'fleet_unsubscribe'") > 0, "a lease to wait")
        time.sleep(seconds)
        lock.communicate("commit;\n", timeout=10)
        return worker

    def test_after_a_slow_look_moments_come_as_soon_as_before(self):
        self.start_gateway()
        self.rate(1_000_000)
        self.insert(1, 5_000)
        worker = self.start_worker_whose_first_look_takes(0.5, "--in-flight", 1)
        self.wait_for(lambda: self.gateway.requests, "a request")
        time.sleep(5)
        times = [request.time for request in list(self.gateway.requests)]
        gaps = [after - before for before, after in zip(times, times[1:])]
        self.assertLess(statistics.median(gaps[:3]), 2 * statistics.median(gaps[-5:]) + 0.1, gaps)
        self.stop_worker(worker)

    def test_a_row_that_is_committed_late_is_found_before_the_next_look_at_all(self):
        self.start_gateway()
        self.rate(50)
        self.insert(1, 1_000, ", lane", ", 1")
        worker = self.start_worker_whose_first_look_takes(1, "--in-flight", 8)
        self.wait_for(lambda: len(self.gateway.requests) > 10, "requests")
        application = self.cluster.psql()
        application.stdin.write(f"begin; insert into {self.schema}.stops (source, destination, "
                                "keyword, amount, provider, reference) values (12345, '254711000001', "
                                "'k', 100, 'safaricom', 'late'); select 'held';\n")
        application.stdin.flush()
        application.stdout.readline()
        time.sleep(3)
        self.insert(2_000, 2_000)
        self.wait_for(lambda: self.find(2_000)["state"] == "accepted", "a row of the same lane", 3)
        application.communicate("commit;\n", timeout=10)
        self.wait_for(lambda: any(request.reference == "late" for request in
                                  list(self.gateway.requests)), "the late row", 4)
        self.stop_worker(worker)

    def test_a_lease_passes_dead_rows_once(self):
        """From where the last one ended, it reads few pages, whatever is dead before."""
        self.fill(20_000)
        self.hold_a_snapshot()
        self.sql("update mobivate.stops set state = 'accepted', done_at = now(), due_at = null "
                 "where lane = 0 and due_at is not null; update mobivate.pacing set rate = 1000000")
        self.sql("insert into mobivate.stops (source, destination, keyword, reference, due_at) "
                 "select 1, 'x' || i, 'k', 'x' || i, now() from generate_series(1, 64) i")
        position = self.sql("select min(due_at) - interval '1 microsecond' from mobivate.stops "
                            "where lane = 0 and due_at is not null")

        def pages(after):
            text = self.sql(
                f"{self.prepare('lease')}begin;"
                f"explain (analyze, buffers, format json) execute lease('w', 32, 90, 0.01, "
                f"'{after}', 0, '-infinity', 0);\nrollback;")
            # Of the scan of lane 0.
            plans = [json.loads(text)[0]["Plan"]]
            for plan in plans:
                plans.extend(plan.get("Plans", []))
            return sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in plans
                       if plan.get("Index Name") == "stops_due"
                       and "lane = 0" in plan.get("Index Cond", ""))

        front = pages("-infinity")
        self.assertGreater(front, 300)
        self.assertLess(pages(position), front / 3)

    def test_with_a_snapshot_held_the_fleet_keeps_half_its_speed(self):
        seconds = 600 if fleet_tool.LONG else 4
        self.rate(1_000_000)
        self.start_gateway()
        speeds = []
        for held in (False, True):
            self.sql("truncate mobivate.stops")
            rows = 1_500_000 if fleet_tool.LONG else 8_000
            self.insert(1, rows, ", lane", ", 1")
            snapshot = self.cluster.psql()
            if held:
                snapshot.stdin.write("begin isolation level repeatable read; select 1;\n")
                snapshot.stdin.flush()
                snapshot.stdout.readline()
            worker = self.start_worker("--in-flight", 64)
            self.wait_for(lambda: self.gateway.requests, "requests")
            time.sleep(seconds)
            worker.kill()
            worker.wait()
            speeds.append(self.number("select count(*) from mobivate.stops where done_at is not "
                                      "null"))
            snapshot.communicate("", timeout=30)
        self.assertGreater(speeds[1], speeds[0] / 2, speeds)

    def test_status_names_who_holds_vacuum_up(self):
        snapshot = self.cluster.psql()
        snapshot.stdin.write("set application_name = 'report'; begin isolation level repeatable "
                             "read; select 1;\n")
        snapshot.stdin.flush()
        snapshot.stdout.readline()
        query = fleet_tool.statement("status_vacuum").replace("interval '1 minute'", "interval '1 second'")
        self.wait_for(lambda: "(report)" in self.sql(query), "the session to be named", 10)
        self.assertNotIn("holds vacuum up", self.fleet("status").output)  # not for so short a time
        self.sql("create role plain_operator")
        # Of another role's session it is known only how many transactions ago it began.
        seen = self.sql("set role plain_operator; " + query.replace("> 10000", ">= 0"))
        self.assertIn("(report)|state not shown: needs pg_read_all_stats", seen)
        snapshot.communicate("commit;\n", timeout=10)

    def test_the_table_is_set_for_many_updates(self):
        options = self.sql(f"select reloptions from pg_class where oid = '{self.schema}.stops'"
                           "::regclass")
        self.assertIn("fillfactor=", options)
        self.assertIn("autovacuum_vacuum_scale_factor=", options)
        index = self.sql("select string_agg(indexdef, E'\\n') from pg_indexes where schemaname = "
                         f"'{self.schema}'")
        self.assertIn("(lane, due_at, id) WHERE (due_at IS NOT NULL)", index)
        self.assertIn("(done_at) WHERE (done_at IS NOT NULL)", index)
        self.assertIn("(destination, reference, keyword, source)", index)


if __name__ == "__main__":
    fleet_tool.main()
