"""fleet_unsubscribe's subcommands, options and exit codes:
   fleet_basics.py DIRECTORY_OF_THE_PROGRAMS"""

import json
import os
import re
import signal
import subprocess
import time

import fleet_tool
from fleet_tool import FleetTest, REFUSED, SERVICE, list_of


class Basics(FleetTest):
    def submit(self, content, *arguments):
        return self.fleet("submit", "-", *SERVICE, *arguments, input=content.encode())

    # setup

    def test_setup_is_safe_to_run_again_while_an_application_inserts(self):
        psql = self.cluster.psql()
        psql.stdin.write(f"begin; insert into {self.schema}.stops (source, destination, keyword, "
                         "reference) values (1, '1', 'k', 'r'); select 'held';\n")
        psql.stdin.flush()
        self.assertEqual(psql.stdout.readline(), "held\n")
        self.assert_ends(self.fleet("setup", timeout=5), 0, "up to date")
        psql.communicate("commit;\n", timeout=10)
        self.assertEqual(self.states(), {"waiting": 1})

    def test_setup_needs_no_superuser(self):
        self.cluster.sql("create role plain login; create database plain_test; "
                         "grant create on database plain_test to plain")
        self.settings = {"PGUSER": "plain", "PGDATABASE": "plain_test"}
        self.cluster.environment, before = {**self.cluster.environment, **self.settings}, \
            self.cluster.environment
        self.settings = {}
        try:
            self.assert_ends(self.fleet("setup"), 0, "is made")
        finally:
            self.cluster.environment = before

    def test_two_setups_at_once_make_one_schema(self):
        self.schema = "at once"
        both = [subprocess.Popen(self.command("setup"), env=self.environment(),
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                for _ in range(2)]
        outputs = [process.communicate(timeout=30)[0].decode() for process in both]
        self.assertEqual([process.returncode for process in both], [0, 0], outputs)

    def test_without_setup_it_says_what_to_do(self):
        self.schema = "nothing_here"
        self.assert_ends(self.fleet("status"), 6, "fleet_unsubscribe setup")
        self.start_gateway()
        self.assert_ends(self.fleet("work"), 6, "setup")

    # Other versions of the schema

    def set_version(self, version):
        self.sql(f"update mobivate.pacing set version = {version}")

    def test_a_schema_of_the_next_version_serves_this_program_too(self):
        self.start_gateway()
        self.insert(1, 1)
        self.set_version(2)
        self.assert_ends(self.fleet("work", "--until-empty"), 0)
        self.assert_ends(self.fleet("status"), 0, "accepted 1")
        self.assert_ends(self.fleet("setup"), 6, "has version 2", "knows 1 at most",
                         "use the newer program")

    def test_a_schema_of_another_version_is_left_alone(self):
        self.start_gateway()
        self.insert(1, 1)
        for version, texts in ((3, ("has version 3", "knows 2 at most: use the newer program")),
                               (0, ("has version 0", "needs 1: run `fleet_unsubscribe setup`"))):
            self.set_version(version)
            for arguments in (("work",), ("rate", 7), ("status",), ("find", "254711000001"),
                              ("retry", "--state", "unknown"), ("forget", "254711000001")):
                with self.subTest(version=version, arguments=arguments):
                    self.assert_ends(self.fleet(*arguments, timeout=10), 6, *texts)
            self.assert_ends(self.submit(list_of(5, 6)), 6, *texts)
        self.assertEqual(self.gateway.requests, [])
        self.assertEqual(self.states(), {"waiting": 1})
        self.assertEqual(self.number("select rate from mobivate.pacing"), 10)

    def test_a_worker_looks_at_the_version_whenever_it_connects(self):
        """Another server may have another schema."""
        self.start_gateway()
        worker = self.start_worker()
        self.insert(1, 1)
        self.wait_until_all("accepted")
        self.set_version(3)
        self.cluster.sql("select pg_terminate_backend(pid) from pg_stat_activity "
                         "where application_name = 'fleet_unsubscribe'")
        self.assertEqual(worker.wait(20), 6)
        self.assertIn("use the newer program", self.output(worker))

    def test_grants_give_each_role_what_it_needs_and_no_more(self):
        self.cluster.sql("create role shop login; create role stop_worker login; "
                         "create role care login")
        grants = os.path.join(fleet_tool.SOURCES, "examples/fleet/sql/grants.sql")
        with open(grants, encoding="utf-8") as file:
            self.sql("\\set application shop\n\\set worker stop_worker\n\\set operator care\n"
                     + file.read().replace("schema mobivate", "schema " + self.schema))

        def as_role(role, text):
            return self.sql(f"set role {role}; {text}")

        insert = ("insert into mobivate.stops (source, destination, keyword, amount, frequency, "
                  "campaign, provider, reference, stop) values (12345, '254711000001', "
                  "'mv-100620006', 100, 1, 'c', 'safaricom', 'r', 'flag') on conflict do nothing")
        as_role("shop", insert)
        as_role("shop", insert)
        for forbidden in ("select * from mobivate.stops", "select * from mobivate.pacing",
                          "update mobivate.stops set state = 'accepted'",
                          "insert into mobivate.stops (source, destination, keyword, reference, "
                          "lane) values (1, '1', 'k', 'r', 0)"):
            with self.assertRaisesRegex(RuntimeError, "permission denied"):
                as_role("shop", forbidden)
        with self.assertRaisesRegex(RuntimeError, "permission denied"):
            as_role("stop_worker", insert)
        self.start_gateway()
        self.cluster.environment, before = {**self.cluster.environment, "PGUSER": "stop_worker"}, \
            self.cluster.environment
        try:
            self.assert_ends(self.fleet("work", "--until-empty"), 0)
            self.cluster.environment = {**before, "PGUSER": "care"}
            self.assert_ends(self.fleet("find", "254711000001"), 0, "accepted")
            self.assert_ends(self.fleet("status"), 0, "accepted 1")
        finally:
            self.cluster.environment = before

    # submit

    def test_submit_reports_by_line_what_it_leaves_out_and_takes_each_stop_once(self):
        result = self.submit("destination,reference\n254711000001,A\n+254711000002,B\n"
                             "254711000001,A\n")
        self.assert_ends(result, 2, "line 3: destination", "1 stop is submitted in lane 1",
                         "1 was there already", "1 can't be sent")
        self.assert_ends(self.submit("destination,reference\n254711000001,A\n"), 0,
                         "0 stops are submitted", "1 was there already")

    def test_submit_keeps_all_fields(self):
        self.assert_ends(self.submit(
            "source,destination,keyword,amount,frequency,campaign,provider,reference,stop\n"
            '1,254711000001,k,2,3,"a\tb\\n",p,"r,1",one\n'), 2, "U+0009")
        self.assert_ends(self.submit(
            "source,destination,keyword,amount,frequency,campaign,provider,reference,stop\n"
            '1,254711000001,k,2,3,"a\\N b",p,"r,1",one\n'), 0)
        self.assertEqual(self.sql("select source, destination, keyword, amount, frequency, "
                                  "campaign, provider, reference, stop, lane from mobivate.stops"),
                         "1|254711000001|k|2|3|a\\N b|p|r,1|one|1")

    def test_the_first_of_two_equal_stops_stands_with_its_lane(self):
        self.insert(1, 1)
        self.submit("destination,reference,amount\n254711000001,1,7\n")
        self.assertEqual(self.sql("select lane, amount from mobivate.stops"), "0|100")

    def test_lists_that_overlap_do_not_deadlock(self):
        lists = [list_of(1, 4000), "destination,reference\n" + "".join(
            f"2547110{i:05d},{i}\n" for i in range(5000, 1000, -1))]
        both = [subprocess.Popen(self.command("submit", "-", *SERVICE), env=self.environment(),
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT) for _ in lists]
        for process, content in zip(both, lists):
            process.stdin.write(content.encode())
        outputs = [process.communicate(timeout=60)[0].decode() for process in both]
        self.assertEqual([process.returncode for process in both], [0, 0], outputs)
        self.assertEqual(self.states(), {"waiting": 5000})

    def test_a_submit_that_is_killed_leaves_nothing_half_done(self):
        process = subprocess.Popen(self.command("submit", "-", *SERVICE), env=self.environment(),
                                   stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        process.stdin.write(list_of(1, 20_000).encode())
        process.stdin.flush()
        process.kill()
        process.wait()
        process.stdin.close()
        self.assertEqual(self.states(), {})
        self.assert_ends(self.submit(list_of(1, 100)), 0, "100 stops are submitted")

    # work

    def test_work_ends_with_the_worst_that_it_wrote(self):
        self.start_gateway(lambda request: REFUSED if request.reference == "2" else
                           fleet_tool.ACCEPTED)
        self.rate(1000)
        self.insert(1, 1)
        self.assert_ends(self.fleet("work", "--until-empty"), 0)
        self.insert(2, 3)
        self.assert_ends(self.fleet("work", "--until-empty"), 1)
        self.sql("insert into mobivate.stops (source, destination, keyword, reference) values "
                 "(99999999999, '254711000009', 'k', '9'), (1, '+254711000008', 'k', '8')")
        self.assert_ends(self.fleet("work", "--until-empty"), 2)
        self.assertEqual(len(self.gateway.requests), 3)
        row = json.loads(self.fleet("find", "254711000009", "--json").output)[0]
        self.assertEqual((row["state"], row["attempts"], row["sent_at"]), ("not_sent", 0, None))
        self.assertIn("source", row["reason"])
        self.assertIsNotNone(row["done_at"])

    def test_an_accepted_row_tells_all(self):
        self.start_gateway(lambda request: (200, '{"200": "MT-77"}'))
        self.insert(1, 1)
        self.assert_ends(self.fleet("work", "--until-empty"), 0)
        row = self.find(1)
        self.assertEqual((row["state"], row["message_id"], row["attempts"], row["due_at"],
                          row["reason"]), ("accepted", "MT-77", 1, None, None))
        self.assertLessEqual(row["submitted_at"], row["sent_at"])
        self.assertLessEqual(row["sent_at"], row["done_at"])
        self.assert_ends(self.fleet("find", "254711000001"), 0, "accepted", "MT-77")

    def test_the_key_may_be_in_a_file(self):
        self.start_gateway()
        self.insert(1, 1)
        path = os.path.join(self.work, "key")
        self.settings = {"MOBIVATE_API_KEY": "", "MOBIVATE_API_KEY_FILE": path}
        self.assert_ends(self.fleet("work", "--until-empty"), 4, path, "MOBIVATE_API_KEY")
        with open(path, "w") as file:
            file.write("key-of-the-file\n")
        self.assert_ends(self.fleet("work", "--until-empty"), 0)
        self.settings["MOBIVATE_API_KEY"] = "key-of-the-variable"
        self.insert(2, 2)
        self.assert_ends(self.fleet("work", "--until-empty"), 0)
        self.assertEqual(self.gateway.keys, {"key-of-the-file", "key-of-the-variable"})

    def test_a_signal_finishes_what_is_under_way_and_gives_the_rest_back(self):
        self.start_gateway(lambda request: time.sleep(1) or fleet_tool.ACCEPTED)
        self.rate(1000)
        self.insert(1, 50)
        worker = self.start_worker("--in-flight", 4)
        self.wait_for(lambda: len(self.gateway.requests) >= 4, "requests")
        self.stop_worker(worker)
        self.assertIn("Stopping", self.output(worker))
        states = self.states()
        self.assertEqual(set(states), {"accepted", "waiting"})
        self.assertEqual(states["accepted"], len(self.gateway.requests))
        self.assertEqual(self.number("select sum(lost) from mobivate.stops"), 0)

    def test_a_second_signal_ends_at_once_and_loses_nothing(self):
        self.start_gateway(lambda request: time.sleep(20) or fleet_tool.ACCEPTED)
        self.insert(1, 1)
        worker = self.start_worker("--timeout", 1000, "--lease", 3, "--later", 1)
        self.wait_for(lambda: self.gateway.requests, "a request")
        worker.send_signal(signal.SIGINT)
        time.sleep(0.2)
        worker.send_signal(signal.SIGINT)
        self.assertEqual(worker.wait(2), 3)
        self.gateway.answer = lambda request: REFUSED
        self.assert_ends(self.fleet("work", "--until-empty"), 1)
        self.assertEqual((self.find(1)["state"], self.find(1)["after_unknown"]), ("refused", True))

    def test_it_refuses_wrong_options(self):
        self.start_gateway()
        for arguments, text in ((("work", "--lease", 61), "--lease"), (("retry",), "--state"),
                                (("forget",), "--older-than"), (("rate", -1), "rate"),
                                (("rate", 1_000_001), "rate"), ((), "subcommand"),
                                (("submit", "/nothing"), "/nothing"),
                                (("retry", "--since", "yesterdayish"), "--since"),
                                (("work", "--database", "postgres://u:geheim@h:x/%"), "--database")):
            result = self.fleet(*arguments)
            self.assert_ends(result, 4, text)
            self.assertNotIn("geheim", result.output)
        self.settings = {}
        environment = self.environment()
        del environment["MOBIVATE_API_KEY"]
        done = subprocess.run(self.command("work"), env=environment, capture_output=True,
                              check=False)
        self.assertEqual(done.returncode, 4)
        self.assertIn(b"MOBIVATE_API_KEY", done.stderr)

    def test_without_a_database_all_but_work_end_with_6(self):
        self.cluster.environment, before = {**self.cluster.environment, "PGPORT": "1"}, \
            self.cluster.environment
        try:
            for arguments in (("setup",), ("rate",), ("status",), ("find", "1"),
                              ("retry", "--state", "unknown"), ("forget", "1")):
                self.assert_ends(self.fleet(*arguments), 6, "can't be used")
            self.assert_ends(self.submit(list_of(1, 1)), 6)
        finally:
            self.cluster.environment = before

    # status, find, retry, forget

    def test_find_ends_with_1_if_there_is_nothing(self):
        self.assert_ends(self.fleet("find", "254711000001"), 1, "Nothing was submitted")
        self.assert_ends(self.fleet("find", "254711000001", "--json"), 1, "[]")

    def test_status_tells_what_is_due_and_who_works(self):
        self.rate(0)
        self.insert(1, 3)
        self.submit(list_of(10, 14))
        self.start_gateway()
        worker = self.start_worker()
        self.wait_for(lambda: json.loads(self.fleet("status", "--json").output)["workers"],
                      "a worker")
        status = json.loads(self.fleet("status", "--json").output)
        self.assertEqual([(row["lane"], row["state"], row["rows"]) for row in status["unfinished"]],
                         [(0, "waiting", 3), (1, "waiting", 5)])
        metrics = self.fleet("status", "--prometheus").output
        for line in ('mobivate_fleet_due{lane="0"} 3', 'mobivate_fleet_due{lane="1"} 5',
                     "mobivate_fleet_rate 0", "mobivate_fleet_workers 1",
                     "mobivate_fleet_paused_workers 0",
                     'mobivate_fleet_done_last_hour{state="accepted"} 0'):
            self.assertIn(line + "\n", metrics)
        self.assertRegex(metrics, r'mobivate_fleet_oldest_due_seconds\{lane="0"\} [0-9.]+\n')
        self.assert_ends(self.fleet("status"), 0, "paused", "lane 0, waiting: 3")
        self.stop_worker(worker)
        self.assertEqual(json.loads(self.fleet("status", "--json").output)["workers"], [])

    def test_retry_sends_again_with_maybe_sent_before_and_replaces_the_outcome(self):
        self.start_gateway(lambda request: REFUSED)
        self.rate(1000)
        self.insert(1, 3)
        self.assert_ends(self.fleet("work", "--until-empty"), 1)
        self.assert_ends(self.fleet("retry", "--code", 541), 0, "0 stops")
        self.assert_ends(self.fleet("retry", "--state", "refused", "--code", 590, "--since",
                                    "1 hour ago"), 4)
        self.assert_ends(self.fleet("retry", "--state", "refused", "--code", 590, "--since",
                                    "2020-01-01"), 0, "3 stops are due again")
        self.assertEqual(self.find(1)["state"], "waiting")
        self.assert_ends(self.fleet("work", "--until-empty"), 1)
        row = self.find(1)
        self.assertEqual((row["after_unknown"], row["attempts"]), (True, 1))
        self.gateway.answer = lambda request: fleet_tool.ACCEPTED
        self.fleet("retry", "--state", "refused")
        self.assert_ends(self.fleet("work", "--until-empty"), 0)
        row = self.find(1)
        self.assertEqual((row["state"], row["reason"], row["after_unknown"]),
                         ("accepted", None, None))

    def test_forget_deletes_final_rows_and_tells_of_the_others(self):
        self.start_gateway()
        self.rate(1000)
        self.insert(1, 2)
        self.assert_ends(self.fleet("work", "--until-empty"), 0)
        self.insert(3, 4)
        self.assert_ends(self.fleet("forget", "254711000003"), 0, "0 stops", "1 is not final")
        self.assert_ends(self.fleet("forget", "254711000001"), 0, "1 stop is forgotten")
        self.assert_ends(self.fleet("forget", "--older-than", 1), 0, "0 stops", "2 are not final")
        self.sql("update mobivate.stops set done_at = done_at - interval '2 days' "
                 "where done_at is not null")
        self.assert_ends(self.fleet("forget", "--older-than", 1), 0, "1 stop is forgotten")
        self.assertEqual(self.states(), {"waiting": 2})

    def test_work_prints_json_when_there_is_no_terminal(self):
        self.start_gateway()
        self.insert(1, 1)
        result = self.fleet("work", "--until-empty")
        last = json.loads(re.findall(r"^\{.*\}$", result.output, re.M)[-1])
        self.assertEqual((last["sent"], last["accepted"], last["refused"], last["later"]),
                         (1, 1, 0, 0))
        self.assertIn("rate", last)


if __name__ == "__main__":
    fleet_tool.main()
