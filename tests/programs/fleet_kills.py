"""Kills workers of the fleet, PostgreSQL and a primary while stops come in:
   fleet_kills.py DIRECTORY_OF_THE_PROGRAMS [CLASS]"""

import collections
import json
import os
import random
import re
import signal
import subprocess
import time

import fleet_tool
from fleet_tool import Cluster, FleetTest

QUICK = ("--timeout", 500, "--lease", 2.5, "--later", 0.5)


class Kills(FleetTest):
    def setUp(self):
        super().setUp()
        self.log = os.path.join(self.work, "log")
        self.inserted = 0

    def start_local_gateway(self, rows, *arguments):
        """The gateway that bills on a URL without `stop`, with a log of its requests."""
        subscribers = [f"2547110{i:05d}" for i in range(1, rows + 1)]
        process = subprocess.Popen([os.path.join(fleet_tool.PROGRAMS, "local_gateway"), "--log",
                                    self.log, "--subscriber", *subscribers, *arguments],
                                   stdout=subprocess.PIPE, text=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        base_url = process.stdout.readline().strip()
        while not process.stdout.readline().startswith("  export"):
            pass
        self.local_gateway = process
        environment = self.environment
        self.environment = lambda: dict(environment(), MOBIVATE_BASE_URL=base_url)

    def insert_some(self, count):
        """As an application that tries again until its commit is confirmed."""
        first, last = self.inserted + 1, self.inserted + count
        for _ in range(100):
            try:
                self.insert(first, last)
                break
            except RuntimeError:
                time.sleep(0.2)
        self.inserted = last

    def check(self):
        """Every committed row is accepted once, and the gateway accepted it."""
        rows = self.sql("select reference, state, message_id, attempts from mobivate.stops")
        rows = [row.split("|") for row in rows.split("\n")]
        self.assertEqual(collections.Counter(row[0] for row in rows),
                         collections.Counter(map(str, range(1, self.inserted + 1))))
        self.assertEqual({row[1] for row in rows}, {"accepted"})
        self.assertEqual(len({row[2] for row in rows}), self.inserted)
        # A worker that was stopped may have written that its answer was lost, before another try.
        self.assertGreaterEqual(min(int(row[3]) for row in rows), 1)
        with open(self.log, encoding="ascii") as file:
            accepted = {line.split()[2] for line in file if line.split()[3] == "200"}
        self.assertEqual(accepted, {row[0] for row in rows})
        self.local_gateway.send_signal(signal.SIGTERM)
        end = self.local_gateway.communicate(timeout=30)[0]
        states = re.findall(r"^\d+ 12345 mv-100620006: (.*)$", end, re.M)
        stopped = [state for state in states if state == "stopped, billed 0 cents"]
        self.assertEqual(len(stopped), self.inserted, end[-2000:])
        self.assertNotRegex(end, r"billed [1-9]")

    def test_workers_and_postgresql_are_killed_while_stops_come_in(self):
        random.seed(os.getpid())
        rounds = 75 if fleet_tool.LONG else 16
        each = 20
        self.start_local_gateway(rounds * each, "--delay", "50")
        self.rate(100)
        workers = [self.start_worker(*QUICK) for _ in range(3)]
        halted = None
        for turn in range(rounds):
            self.insert_some(each)
            time.sleep(random.uniform(0.1, 0.5))
            victim = random.randrange(3)
            if turn % 8 == 2:
                halted = workers[victim]
                halted.send_signal(signal.SIGSTOP)
                workers[victim] = self.start_worker(*QUICK)
                continued = time.monotonic() + 4
            elif turn % 8 == 5:
                self.cluster.act("kill")
                time.sleep(0.5)
                self.cluster.act("start")
            else:
                workers[victim].kill()
                workers[victim] = self.start_worker(*QUICK)
            if halted and time.monotonic() > continued:
                halted.send_signal(signal.SIGCONT)
        if halted:
            halted.send_signal(signal.SIGCONT)
        self.wait_until_all("accepted", 120)
        for worker in workers:
            self.stop_worker(worker)
        self.check()

    def test_a_row_may_be_sent_twice_but_ends_once(self):
        """The same, seen from the table: no final row ever changes."""
        self.start_local_gateway(60)
        self.rate(100)
        self.insert_some(60)
        worker = self.start_worker(*QUICK)
        self.wait_for(lambda: "accepted" in self.states(), "the first rows")
        worker.kill()
        before = json.loads(self.sql("select json_object_agg(reference, done_at) from "
                                     "mobivate.stops where done_at is not null"))
        worker = self.start_worker(*QUICK)
        self.wait_until_all("accepted")
        after = json.loads(self.sql("select json_object_agg(reference, done_at) from "
                                    "mobivate.stops"))
        self.assertEqual({key: after[key] for key in before}, before)
        self.stop_worker(worker)
        self.check()


class Failover(Kills):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.remove)
        cls.cluster.act("standby")

    def test_workers_and_postgresql_are_killed_while_stops_come_in(self):
        """Here: the primary is lost for good, and its synchronous standby promoted."""
        self.start_local_gateway(300, "--delay", "50")
        self.rate(100)
        workers = [self.start_worker(*QUICK) for _ in range(2)]
        for turn in range(15):
            self.insert_some(20)
            time.sleep(0.1)
            if turn == 5:
                self.wait_for(lambda: "accepted" in self.states(), "the first rows")
                self.cluster.act("promote")
        self.wait_until_all("accepted", 90)
        for worker in workers:
            self.wait_for(lambda: "The database is back" in self.output(worker), "reconnected")
            self.stop_worker(worker)
        self.check()

    test_a_row_may_be_sent_twice_but_ends_once = None


if __name__ == "__main__":
    fleet_tool.main()
