"""fleet_unsubscribe's rate and clocks: fleet_rates.py DIRECTORY_OF_THE_PROGRAMS"""

import shutil
import signal
import time
import unittest

import fleet_tool
from fleet_tool import ACCEPTED, FleetTest, busiest_second


class Rates(FleetTest):
    def times(self):
        return [request.time for request in list(self.gateway.requests)]

    def since(self, begin, end):
        return [at for at in self.times() if begin <= at < end]

    def assert_keeps(self, rate, begin, end):
        times = self.since(begin, end)
        self.assertLessEqual(busiest_second(times), 1.1 * rate)
        self.assertGreaterEqual(len(times), 0.9 * rate * (end - begin))

    def test_one_worker_keeps_the_rate(self):
        self.start_gateway()
        self.rate(100)
        self.insert(1, 1000)
        worker = self.start_worker()
        self.wait_for(self.times, "a request")
        begin = time.monotonic() + 0.5
        time.sleep(4)
        self.assert_keeps(100, begin, begin + 3.5)
        self.stop_worker(worker)

    def test_three_workers_keep_the_rate_together_and_heed_changes(self):
        self.start_gateway()
        self.rate(100)
        self.insert(1, 3000)
        workers = [self.start_worker() for _ in range(3)]
        self.wait_for(self.times, "a request")
        begin = time.monotonic() + 0.5
        time.sleep(3.5)
        self.assert_keeps(100, begin, begin + 3)
        for rate in (40, 150):
            self.rate(rate)
            changed = time.monotonic()
            time.sleep(5)
            self.assert_keeps(rate, changed + 2, changed + 5)
        self.rate(0)
        changed = time.monotonic()
        time.sleep(3)
        self.assertEqual(self.since(changed + 2, changed + 3), [])
        for worker in workers:
            self.stop_worker(worker)

    def test_a_new_fleet_sends_ten_a_second(self):
        self.start_gateway()
        self.insert(1, 100)
        worker = self.start_worker()
        self.wait_for(self.times, "a request")
        begin = self.times()[0]
        time.sleep(4)
        self.assertLessEqual(busiest_second(self.times()), 11)
        self.assertGreaterEqual(len(self.since(begin, begin + 4)), 36)
        self.stop_worker(worker)

    def test_a_rate_of_one_goes_on(self):
        self.start_gateway()
        self.rate(1)
        self.insert(1, 20)
        workers = [self.start_worker() for _ in range(2)]
        self.wait_for(lambda: len(self.times()) >= 5, "requests")
        self.assertLessEqual(busiest_second(self.times()), 1)
        self.assertLess(self.times()[4] - self.times()[0], 5)
        for worker in workers:
            self.stop_worker(worker)

    def test_a_worker_that_was_stopped_makes_up_for_nothing(self):
        self.start_gateway()
        self.rate(50)
        self.insert(1, 1000)
        worker = self.start_worker()
        self.wait_for(self.times, "a request")
        time.sleep(1)
        worker.send_signal(signal.SIGSTOP)
        time.sleep(5)
        worker.send_signal(signal.SIGCONT)
        resumed = time.monotonic()
        time.sleep(4)
        self.assertLessEqual(busiest_second(self.times()), 55)
        self.assertGreaterEqual(len(self.since(resumed + 1, resumed + 4)), 0.9 * 3 * 50)
        self.stop_worker(worker)
        self.assertEqual(self.number("select sum(lost) from mobivate.stops"), 0)

    def test_a_slow_gateway_costs_no_rows_their_turn(self):
        self.start_gateway(lambda request: time.sleep(1) or ACCEPTED)
        self.rate(1000)
        self.insert(1, 40)
        self.assert_ends(self.fleet("work", "--until-empty", "--in-flight", 8), 0)
        self.assertEqual(len(self.times()), 40)
        self.assertLess(self.times()[-1] - self.times()[0], 8)

    @unittest.skipUnless(shutil.which("faketime"), "needs faketime")
    def test_a_worker_whose_clock_is_an_hour_off_keeps_moments_and_leases(self):
        with open(self.command()[0], "rb") as program:
            if b"__asan_init" in program.read():
                self.skipTest("libfaketime crashes under AddressSanitizer, before main")
        self.start_gateway()
        self.rate(50)
        self.insert(1, 250)
        # Its monotonic clocks go right, as those of any machine.
        self.settings = {"FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        workers = [self.start_worker("--until-empty", prefix=("faketime", "-f", offset))
                   for offset in ("+1h", "-1h")]
        workers.append(self.start_worker("--until-empty"))
        for worker in workers:
            self.assertEqual(worker.wait(30), 0, self.output(worker))
        self.assertLessEqual(busiest_second(self.times()), 55)
        self.assertGreaterEqual(250 / (self.times()[-1] - self.times()[0]), 45)
        self.assertEqual(self.sql("select sum(lost), sum(attempts), max(now() - done_at) < "
                                  "interval '1 minute' from mobivate.stops"), "0|250|t")

    def test_no_moment_is_more_than_a_second_ahead_whoever_else_reserves(self):
        self.rate(1000)
        self.insert(1, 200)
        worker, other = self.session(), self.session()
        worker.run(self.prepare("lease"))
        outcomes = set()
        for ahead in (0.9, 1.03, 0.9, 1.03):
            # The lease has looked when the other reserves what comes first.
            self.sql("update mobivate.pacing set next_at = now()")
            other.run("begin; update mobivate.pacing set turn = turn + 1;")
            worker.begin("create temporary table leased as execute lease('w', 10, 90, 0.01, "
                         "'-infinity', 0, '-infinity', 0);")
            self.wait_for(lambda: self.number("select count(*) from pg_stat_activity where "
                                              "wait_event_type = 'Lock'") == 1, "the lease to wait")
            other.run("update mobivate.pacing set next_at = clock_timestamp() + "
                      f"interval '{ahead} seconds'; commit;")
            worker.result()
            rows = worker.run("select raced, count(id), max(moment - clock) from leased group by raced; "
                              "drop table leased;")
            raced, count, last = rows[0].split("|")
            outcomes.add((ahead, raced, count))
            if raced == "f":
                self.assertLessEqual(int(last), 1_000_000)
        self.assertIn((0.9, "f", "10"), outcomes)
        self.assertEqual(self.states().get("sending", 0) % 10, 0)

    def test_a_moment_of_another_servers_clock_is_begun_now(self):
        self.start_gateway()
        self.sql("update mobivate.pacing set next_at = now() + interval '1 hour', "
                 "held_until = now() + interval '3 hours'")
        self.insert(1, 3)
        self.assert_ends(self.fleet("work", "--until-empty", timeout=10), 0)


if __name__ == "__main__":
    fleet_tool.main()
