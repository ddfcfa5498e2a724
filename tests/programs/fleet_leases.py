"""fleet_unsubscribe's leases and outcomes: workers that die, gateways that fail:
   fleet_leases.py DIRECTORY_OF_THE_PROGRAMS"""

import json
import signal
import time

import fleet_tool
from fleet_tool import ACCEPTED, FleetTest, REFUSED, WRONG_KEY

QUICK = ("--timeout", 1000, "--lease", 3)


class Leases(FleetTest):
    # Lost leases

    def test_the_row_of_a_killed_worker_is_sent_again_by_another_as_maybe_sent(self):
        self.start_gateway(lambda request: time.sleep(20))
        self.insert(1, 1)
        first = self.start_worker(*QUICK)
        self.wait_for(lambda: self.gateway.requests, "a request")
        lease = self.number("select lease from mobivate.stops")
        first.kill()
        self.gateway.answer = lambda request: REFUSED
        second = self.start_worker(*QUICK)
        self.wait_until_all("refused")
        row = self.find(1)
        self.assertTrue(row["after_unknown"])
        self.assertEqual(row["attempts"], 1)  # the first one's outcome was never written
        self.assertEqual(self.sql("select lost, lease > " + str(lease) + " from mobivate.stops"),
                         "1|t")
        self.stop_worker(second)

    def test_a_worker_stopped_beyond_its_lease_overwrites_nobody(self):
        answers = iter([(200, '{"200": "MT-first"}'), (200, '{"200": "MT-second"}')])

        def answer(request):
            mine = next(answers)
            time.sleep(0.3)
            return mine

        self.start_gateway(answer)
        self.insert(1, 1)
        first = self.start_worker("--timeout", 900, "--lease", 3)
        self.wait_for(lambda: self.gateway.requests, "a request")
        first.send_signal(signal.SIGSTOP)
        second = self.start_worker(*QUICK)
        self.wait_until_all("accepted")
        first.send_signal(signal.SIGCONT)
        self.stop_worker(first)
        self.assertEqual(self.find(1)["message_id"], "MT-second")
        self.assertEqual(self.find(1)["attempts"], 1)
        self.assertEqual(len(self.gateway.requests), 2)
        self.stop_worker(second)

    def test_a_late_outcome_counts_while_nobody_else_has_the_row(self):
        self.start_gateway(lambda request: time.sleep(0.3) or ACCEPTED)
        self.insert(1, 1)
        worker = self.start_worker("--timeout", 60_000, "--lease", 62)
        self.wait_for(lambda: self.gateway.requests, "a request")
        worker.send_signal(signal.SIGSTOP)
        self.rate(0)
        self.sql("update mobivate.stops set due_at = now() - interval '1 minute'")
        worker.send_signal(signal.SIGCONT)
        self.wait_until_all("accepted")
        self.stop_worker(worker)

    # The moment at which a lease ends

    def workers_session(self, name):
        """The statements of a worker, run by hand."""
        session = self.session()
        session.run(self.prepare("lease") + self.prepare("finish"))

        def lease():
            """Returns the id and the lease of what it leased."""
            session.run(f"create temporary table if not exists leased as execute lease('{name}', 1, 90, "
                        "0.01, '-infinity', 0, '-infinity', 0)")
            rows = session.run("select id, lease from leased where id is not null; drop table leased")
            return tuple(map(int, rows[0].split("|"))) if rows else None

        session.lease = lease
        session.finish = lambda row, message_id: (
            f"execute finish('{name}', '{{{row[0]}}}', '{{{row[1]}}}', '{{accepted}}', "
            f"'{{{message_id}}}', '{{null}}', '{{null}}', '{{null}}', '{{null}}', '{{1}}', '{{1}}', "
            "'{0}', '{f}', '{0.1}', '{null}');")
        return session

    def end_the_lease(self):
        self.sql("update mobivate.stops set due_at = now() - interval '1 millisecond'")

    def wait_until_one_waits(self):
        self.wait_for(lambda: self.number("select count(*) from pg_stat_activity where "
                                          "wait_event_type = 'Lock'") == 1, "a session to wait")

    def test_an_outcome_that_is_being_written_as_the_lease_ends_counts(self):
        self.insert(1, 1)
        first, second = self.workers_session("first"), self.workers_session("second")
        row = first.lease()
        self.end_the_lease()
        self.assertEqual(first.run("begin;" + first.finish(row, "MT-first")), [str(row[0])])
        self.assertIsNone(second.lease())  # and does not wait
        first.run("commit;")
        self.assertIsNone(second.lease())
        self.assertEqual(self.sql("select state, message_id, attempts, lost, worker "
                                  "from mobivate.stops"), "accepted|MT-first|1|0|first")

    def test_an_outcome_that_comes_while_another_worker_leases_the_row_overwrites_nothing(self):
        self.insert(1, 1)
        first, second = self.workers_session("first"), self.workers_session("second")
        row = first.lease()
        self.end_the_lease()
        second.run("begin;")
        taken = second.lease()
        self.assertEqual(taken[0], row[0])
        first.begin(first.finish(row, "MT-first"))
        self.wait_until_one_waits()
        second.run("commit;")
        self.assertEqual(first.result(), [])
        self.assertEqual(self.sql("select state, message_id, attempts, lost, maybe_sent, worker "
                                  "from mobivate.stops"), "sending||0|1|t|second")
        self.assertEqual(second.run(second.finish(taken, "MT-second")), [str(row[0])])
        self.assertEqual(first.run(first.finish(row, "MT-first")), [])
        self.assertEqual(second.run(second.finish(taken, "MT-third")), [])  # it is final
        self.assertEqual(self.sql("select message_id, attempts from mobivate.stops"), "MT-second|1")

    def test_an_outcome_counts_if_the_other_workers_lease_is_rolled_back(self):
        self.insert(1, 1)
        first, second = self.workers_session("first"), self.workers_session("second")
        row = first.lease()
        self.end_the_lease()
        second.run("begin;")
        self.assertIsNotNone(second.lease())
        first.begin(first.finish(row, "MT-first"))
        self.wait_until_one_waits()
        second.run("rollback;")
        self.assertEqual(first.result(), [str(row[0])])
        self.assertEqual(self.sql("select state, message_id, lost from mobivate.stops"),
                         "accepted|MT-first|0")

    def test_an_outcome_of_a_lease_that_the_same_worker_lost_overwrites_nothing(self):
        self.insert(1, 1)
        worker = self.workers_session("worker")
        lost = worker.lease()
        self.end_the_lease()
        taken = worker.lease()
        self.assertEqual(worker.run(worker.finish(lost, "MT-lost")), [])
        self.assertEqual(worker.run(worker.finish(taken, "MT-taken")), [str(taken[0])])

    def test_a_lease_with_the_same_number_of_another_worker_is_another_lease(self):
        """A promoted standby may give a number twice."""
        self.insert(1, 1)
        first, second = self.workers_session("first"), self.workers_session("second")
        row = first.lease()
        self.assertEqual(second.run(second.finish(row, "MT-second")), [])
        self.assertEqual(self.states(), {"sending": 1})
        self.assertEqual(first.run(first.finish(row, "MT-first")), [str(row[0])])

    def test_the_fifth_lost_lease_ends_a_row(self):
        self.start_gateway()
        self.insert(1, 2)
        self.sql("update mobivate.stops set state = 'sending', worker = 'w', lease = 1, "
                 "lost = case reference when '1' then 4 else 3 end")
        self.assert_ends(self.fleet("work", "--until-empty"), 0)
        row = self.find(1)
        self.assertEqual((row["state"], row["attempts"], row["due_at"]), ("unknown", 0, None))
        self.assertIn("five leases ran out", row["reason"])
        self.assertIsNotNone(row["done_at"])
        self.assertEqual(self.find(2)["state"], "accepted")
        self.assertEqual(len(self.gateway.requests), 1)
        self.fleet("retry", "--state", "unknown")
        self.assert_ends(self.fleet("work", "--until-empty"), 0)
        self.assertEqual(self.find(1)["state"], "accepted")

    def test_a_row_that_kills_its_workers_ends_and_holds_nobody_up(self):
        rows = 200 if fleet_tool.LONG else 20
        workers = []

        def answer(request):
            if request.reference == "7":
                workers[0].kill()
                time.sleep(10)
            return ACCEPTED

        self.start_gateway(answer)
        self.rate(100)
        self.insert(1, rows)
        if not fleet_tool.LONG:
            self.sql("update mobivate.stops set lost = 3 where reference = '7'")

        def all_final():
            if workers and workers[0].poll() is None:
                return not {"waiting", "sending"} & set(self.states())
            workers[:] = [self.start_worker("--timeout", 100, "--lease", 2.1)]
            return False

        self.wait_for(all_final, "all final", 120)
        self.assertEqual(self.states(), {"accepted": rows - 1, "unknown": 1})
        self.assertEqual(self.find(7)["state"], "unknown")

    def test_rows_lost_together_do_not_come_due_together(self):
        self.start_gateway(lambda request: time.sleep(20))
        self.rate(1000)
        self.insert(1, 20)
        self.sql("update mobivate.stops set state = 'sending', worker = 'w', lease = 1")
        worker = self.start_worker("--in-flight", 32)
        self.wait_for(lambda: len(self.gateway.requests) == 20, "requests")
        worker.kill()
        spread = self.sql("select extract(epoch from max(due_at) - min(due_at)), count(*), "
                          "min(lost) from mobivate.stops")
        self.assertGreater(float(spread.split("|")[0]), 30)
        self.assertEqual(spread.split("|")[1:], ["20", "1"])

    # Trying again

    def test_an_unknown_stop_is_tried_again_until_its_tries_are_used_up(self):
        self.start_gateway(lambda request: (502, "") if request.reference == "1" else ACCEPTED)
        self.insert(1, 2)
        self.assert_ends(self.fleet("work", "--until-empty", "--later", 0.3, "--tries", 3), 2)
        row = self.find(1)
        self.assertEqual((row["state"], row["http_status"], row["attempts"]), ("unknown", 502, 3))
        self.assertIn("502", row["reason"])
        times = [r.time for r in self.gateway.requests if r.reference == "1"]
        self.assertEqual(len(times), 3)
        self.assertGreater(times[1] - times[0], 0.2)
        self.assertGreater(times[2] - times[1], 0.4)

    def test_after_an_unknown_try_a_refusal_is_after_unknown(self):
        answers = iter([(502, ""), REFUSED])
        self.start_gateway(lambda request: next(answers))
        self.insert(1, 1)
        self.assert_ends(self.fleet("work", "--until-empty", "--later", 0.1), 1)
        self.assertTrue(self.find(1)["after_unknown"])

    def test_541_holds_a_stop_and_ends_refused(self):
        self.start_gateway(lambda request: (200, '{"error": "541"}'))
        self.insert(1, 1)
        self.assert_ends(self.fleet("work", "--until-empty", "--later", 0.1, "--tries", 2), 1)
        row = self.find(1)
        self.assertEqual((row["state"], row["code"], row["attempts"], row["after_unknown"]),
                         ("refused", 541, 2, False))

    def test_want_of_a_connection_uses_up_no_tries_and_makes_nothing_final(self):
        self.insert(1, 3)
        worker = self.start_worker("--later", 0.1, "--tries", 1)  # nobody listens
        self.wait_for(lambda: self.number("select min(delays) from mobivate.stops") >= 3, "tries")
        self.assertEqual(self.sql("select max(tries), max(attempts), bool_or(maybe_sent), "
                                  "count(sent_at) from mobivate.stops"), "0|0|f|3")
        self.assertIn("connect", self.find(1)["reason"])
        self.stop_worker(worker)
        self.start_gateway(lambda request: REFUSED)
        self.sql("update mobivate.stops set due_at = now()")
        self.assert_ends(self.fleet("work", "--until-empty"), 1)
        self.assertFalse(self.find(1)["after_unknown"])

    def test_a_retry_after_holds_the_whole_fleet(self):
        begin = []

        def answer(request):
            if begin:
                return ACCEPTED
            begin.append(request.time)
            return 429, "", ("Retry-After", "5")

        self.start_gateway(answer)
        self.rate(20)
        self.insert(1, 200)
        workers = [self.start_worker("--later", 1) for _ in range(2)]
        self.wait_for(lambda: begin, "a request")
        time.sleep(7)
        heeded = [r.time - begin[0] for r in self.gateway.requests if 2 < r.time - begin[0] < 4.9]
        self.assertEqual(heeded, [])
        self.assertTrue([r for r in self.gateway.requests if r.time - begin[0] > 5])
        self.assertIn("Retry-After", "".join(map(self.output, workers)))
        for worker in workers:
            self.stop_worker(worker)

    def test_a_retry_after_holds_for_an_hour_at_most(self):
        self.start_gateway(lambda request: (503, "", ("Retry-After", "86400")))
        self.insert(1, 1)
        worker = self.start_worker()
        self.wait_for(lambda: self.gateway.requests, "a request")
        self.wait_for(lambda: "waiting" in self.states(), "the outcome")
        self.assertRegex(self.fleet("rate").output, r"3(600|59\d) seconds are left")
        self.stop_worker(worker)

    # Answers about the account

    def test_a_wrong_key_makes_nobody_final_and_workers_pause_probe_and_resume(self):
        self.start_gateway(lambda request: WRONG_KEY)
        self.rate(1000)
        self.insert(1, 100)
        worker = self.start_worker("--in-flight", 8, "--probe", 2, "--later", 0.5, "--tries", 2)
        self.wait_for_output(worker, "Pausing")
        self.assertIn("Invalid account id or API key", self.output(worker))
        self.wait_for(lambda: "paused: the gateway refuses" in self.fleet("status").output,
                      "status to tell")
        self.assertIn("mobivate_fleet_paused_workers 1\n",
                      self.fleet("status", "--prometheus").output)
        before = len(self.gateway.requests)
        self.assertLess(before, 25)
        self.wait_for(lambda: len(self.gateway.requests) >= before + 2, "two probes")
        self.assertLess(len(self.gateway.requests), 30)
        self.assertEqual(set(self.states()), {"waiting"})
        self.gateway.answer = lambda request: ACCEPTED
        self.wait_until_all("accepted")
        self.assertIn("going on", self.output(worker))
        self.stop_worker(worker)

    def test_an_account_error_among_other_answers_counts_as_a_try(self):
        self.start_gateway(lambda request: (403, "") if request.reference == "1" else ACCEPTED)
        self.insert(1, 1)
        self.rate(1000)
        worker = self.start_worker("--in-flight", 1, "--later", 0.05, "--tries", 3)
        for i in range(2, 100):
            if "unknown" in self.states():
                break
            self.insert(i, i)
            time.sleep(0.1)
        self.assertEqual(self.find(1)["state"], "unknown")
        self.assertEqual(self.find(1)["http_status"], 403)
        self.assertGreaterEqual(self.find(1)["attempts"], 3)
        self.stop_worker(worker)

    def test_a_refusal_without_a_code_makes_no_row_final_at_once(self):
        self.start_gateway(lambda request: (200, '{"error": "Account suspended"}'))
        self.insert(1, 1)
        worker = self.start_worker("--later", 30)
        self.wait_for(lambda: self.states() == {"waiting": 1}
                      and self.find(1)["attempts"] == 1, "an outcome")
        self.assertIn("Account suspended", self.find(1)["reason"])
        self.stop_worker(worker)

    def test_every_outcome_stays_what_the_gateway_said_last(self):
        said = {}

        def answer(request):
            number = len([r for r in self.gateway.requests if r.reference == request.reference])
            said[request.reference] = [(502, ""), REFUSED, ACCEPTED][(int(request.reference)
                                                                      + number) % 3]
            return said[request.reference]

        self.start_gateway(answer)
        self.rate(1000)
        self.insert(1, 60)
        self.fleet("work", "--until-empty", "--later", 0.1)
        rows = json.loads(self.sql("select json_object_agg(reference, state) from mobivate.stops"))
        expected = {ACCEPTED: "accepted", REFUSED: "refused"}
        self.assertEqual(rows, {key: expected[answer] for key, answer in said.items()})


if __name__ == "__main__":
    fleet_tool.main()
