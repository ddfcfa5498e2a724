"""fleet_unsubscribe while its database is away, stalls, poolers stand between, and commits are in
   doubt: fleet_databases.py DIRECTORY_OF_THE_PROGRAMS [CLASS]"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import fleet_tool
from fleet_tool import ACCEPTED, FleetTest

QUICK = ("--timeout", 1000, "--lease", 3)


class Proxy:
    """Forwards connections to a port. While `stalls`, everything stays where it is."""

    def __init__(self, port):
        self.target = port
        self.stalls = False
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.server.accept()[0]
            except OSError:
                return
            if self.stalls:
                threading.Thread(target=lambda it=client: (self.wait(), it.close()),
                                 daemon=True).start()
                continue
            server = socket.create_connection(("127.0.0.1", self.target))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self.forward, args=pair, daemon=True).start()

    def wait(self):
        while self.stalls:
            time.sleep(0.05)

    def forward(self, source, target):
        try:
            while data := source.recv(65_536):
                self.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.stalls = False
        self.server.close()


class DatabaseTest(FleetTest):
    def setUp(self):
        super().setUp()
        self.before = dict(self.cluster.environment)
        self.addCleanup(self.cluster.environment.update, self.before)

    def alter_system(self, setting):
        self.cluster.sql(f"set default_transaction_read_only = off; alter system {setting}")
        self.cluster.sql("select pg_reload_conf()")

    def set_for_a_while(self, name, value):
        self.addCleanup(self.alter_system, f"reset {name}")
        self.alter_system(f"set {name} = {value}")

    def worker_port(self, port):
        self.settings = {}
        self.cluster.environment["PGPORT"] = str(port)


class Databases(DatabaseTest):
    def test_work_waits_for_a_database_that_is_not_there_yet(self):
        self.start_gateway()
        self.insert(1, 1)
        self.cluster.act("kill")
        worker = self.start_worker()
        self.wait_for_output(worker, "database can't be used")
        time.sleep(1)
        self.cluster.act("start")
        self.wait_until_all("accepted")
        self.assertEqual(self.output(worker).count("can't be used"), 1)
        self.assertEqual(self.output(worker).count("The database is back"), 1)
        self.stop_worker(worker)

    def test_outcomes_are_kept_while_the_database_is_away_and_written_on_return(self):
        self.start_gateway(lambda request: time.sleep(1) or ACCEPTED)
        self.rate(1000)
        self.insert(1, 40)
        worker = self.start_worker("--in-flight", 8)
        self.wait_for(lambda: len(self.gateway.requests) == 8, "requests")
        self.cluster.act("kill")
        time.sleep(3)
        self.assertLessEqual(len(self.gateway.requests), 16)  # nothing is leased meanwhile
        self.cluster.act("start")
        self.wait_until_all("accepted")
        self.assertEqual(len(self.gateway.requests), 40)
        self.assertEqual(self.sql("select sum(attempts), sum(lost) from mobivate.stops"), "40|0")
        self.stop_worker(worker)

    def test_a_restart_and_ended_sessions_cost_no_row(self):
        self.start_gateway()
        self.rate(200)
        self.insert(1, 600)
        worker = self.start_worker("--until-empty", *QUICK)
        for _ in range(4):
            time.sleep(0.4)
            self.cluster.sql("select pg_terminate_backend(pid) from pg_stat_activity "
                             "where application_name = 'fleet_unsubscribe'")
        self.cluster.act("restart")
        self.assertEqual(worker.wait(60), 0, self.output(worker))
        self.assertEqual(self.states(), {"accepted": 600})

    def test_a_signal_while_the_database_is_away_ends_the_worker_when_its_leases_end(self):
        self.start_gateway()
        self.insert(1, 5)
        worker = self.start_worker(*QUICK)
        self.wait_for(lambda: self.gateway.requests, "a request")
        self.cluster.act("kill")
        try:
            self.wait_for_output(worker, "can't be used")
            worker.send_signal(signal.SIGTERM)
            self.assertEqual(worker.wait(10), 3)
            self.assertRegex(self.output(worker), r"database is gone: .* at most \d+ seconds")
        finally:
            self.cluster.act("start")
        self.assert_ends(self.fleet("work", "--until-empty"), 0)

    def test_a_database_that_stalls_is_left_and_come_back_to(self):
        proxy = Proxy(int(self.before["PGPORT"]))
        self.addCleanup(proxy.close)
        self.start_gateway()
        self.rate(100)
        self.insert(1, 300)
        self.worker_port(proxy.port)
        worker = self.start_worker(*QUICK)
        self.worker_port(self.before["PGPORT"])
        self.wait_for(lambda: len(self.gateway.requests) > 50, "requests")
        proxy.stalls = True
        time.sleep(3)
        before = len(self.gateway.requests)
        self.wait_for_output(worker, "no answer for ten seconds")
        self.assertEqual(len(self.gateway.requests), before)
        proxy.stalls = False
        self.wait_until_all("accepted")
        self.assertIn("The database is back", self.output(worker))
        self.stop_worker(worker)

    def test_a_server_that_becomes_read_only_is_not_used(self):
        self.start_gateway()
        self.rate(100)
        self.insert(1, 200)
        worker = self.start_worker()
        self.wait_for(lambda: len(self.gateway.requests) > 20, "requests")
        self.set_for_a_while("default_transaction_read_only", "on")
        self.wait_for_output(worker, "can't be used")
        time.sleep(1.5)
        before = len(self.gateway.requests)
        time.sleep(1)
        self.assertEqual(len(self.gateway.requests), before)
        self.alter_system("reset default_transaction_read_only")
        self.wait_until_all("accepted")
        self.stop_worker(worker)

    @unittest.skipUnless(shutil.which("pgbouncer") or os.path.exists("/usr/sbin/pgbouncer"),
                         "needs pgbouncer")
    def test_a_pooler_in_transaction_mode_is_no_obstacle(self):
        os.chmod(self.work, 0o755)
        port = fleet_tool.bulk_tool.unused_port()
        with open(os.path.join(self.work, "pgbouncer.ini"), "w", encoding="ascii") as file:
            file.write("[databases]\npostgres = host=127.0.0.1 user=postgres port="
                       f"{self.before['PGPORT']}\n"
                       f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
                       "unix_socket_dir =\nauth_type = any\npool_mode = transaction\n"
                       "default_pool_size = 2\nserver_reset_query_always = 1\n"
                       "server_reset_query = discard all\n")
            file.flush()
        # It refuses root.
        command = ["pgbouncer", file.name]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        pooler = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(pooler.wait)
        self.addCleanup(pooler.terminate)
        self.start_gateway()
        self.rate(200)
        self.insert(1, 400)
        self.worker_port(f"{port}")
        self.settings = {"PGDATABASE": "postgres", "PGUSER": "postgres"}
        for name in self.settings:
            self.cluster.environment.pop(name, None)
        workers = [self.start_worker("--until-empty") for _ in range(3)]
        for worker in workers:
            self.assertEqual(worker.wait(30), 0, self.output(worker))
        self.assert_ends(self.fleet("status"), 0, "accepted 400")
        self.cluster.environment.update(self.before)
        self.assertEqual(len(self.gateway.requests), 400)


class Commits(DatabaseTest):
    def test_a_commit_with_a_warning_is_not_taken_as_done(self):
        self.start_gateway()
        self.rate(100)
        self.insert(1, 300)
        worker = self.start_worker()
        self.wait_for(lambda: len(self.gateway.requests) > 20, "requests")
        self.set_for_a_while("synchronous_standby_names", "nobody")

        def cancel():
            self.cluster.sql("select pg_cancel_backend(pid) from pg_stat_activity where "
                             "wait_event = 'SyncRep' and application_name = 'fleet_unsubscribe'")
            return "warns of a commit" in self.output(worker)

        self.wait_for(cancel, "a warning")
        time.sleep(1.5)
        before = len(self.gateway.requests)
        for _ in range(10):
            cancel()
            time.sleep(0.2)
        self.assertEqual(len(self.gateway.requests), before)
        self.assertEqual(self.output(worker).count("warns of a commit"), 1)
        result = subprocess.Popen(self.command("rate", 100), env=self.environment(),
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.wait_for(lambda: cancel() and result.poll() is not None, "rate to end")
        self.assertEqual(result.returncode, 6)
        self.assertIn(b"run the same command again", result.communicate()[0])
        self.alter_system("reset synchronous_standby_names")
        self.wait_until_all("accepted")
        self.assertIn("without a warning again", self.output(worker))
        self.assertEqual(len(self.gateway.requests), 300)
        self.stop_worker(worker)

    def test_a_commit_that_waits_for_its_standby_is_waited_for(self):
        self.start_gateway()
        self.insert(1, 5)
        worker = self.start_worker(*QUICK)
        self.wait_for(lambda: self.gateway.requests, "a request")
        self.set_for_a_while("synchronous_standby_names", "nobody")
        time.sleep(12)
        self.assertNotIn("can't be used", self.output(worker))
        self.alter_system("reset synchronous_standby_names")
        self.wait_until_all("accepted")
        self.assertNotIn("can't be used", self.output(worker))
        self.stop_worker(worker)


def iptables():
    return shutil.which("iptables", path="/usr/sbin:/sbin:" + os.environ.get("PATH", ""))


@unittest.skipUnless(os.getuid() == 0 and iptables() and shutil.which("ip"),
                     "needs root, iptables and iproute2")
class Packets(DatabaseTest):
    """In a network of its own, in which the kernel drops packets. PostgreSQL goes on."""

    @classmethod
    def setUpClass(cls):
        clone_newnet = 0x40000000
        if ctypes.CDLL(None, use_errno=True).unshare(clone_newnet) != 0:
            raise unittest.SkipTest(f"no network of its own: {os.strerror(ctypes.get_errno())}")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        super().setUpClass()

    def drop(self, *packets):
        subprocess.run([iptables(), "-A", "INPUT", "-p", "tcp", *map(str, packets), "-j", "DROP"],
                       check=True)

    def port_of(self, worker):
        """The worker's own port of its connection."""
        def port():
            return self.sql("select client_port from pg_stat_activity where application_name = "
                            f"'worker{worker.number}'")
        self.wait_for(lambda: port().isdigit(), "a connection")
        return port()

    def test_dropped_packets_are_noticed_in_twenty_seconds_and_nothing_is_lost(self):
        """Those of one worker to the server, and those of the server to another worker."""
        self.start_gateway()
        self.rate(100)
        self.insert(1, 1_000)
        workers = []
        for number in range(2):
            self.settings = {"PGAPPNAME": f"worker{number}"}
            workers.append(self.start_worker(*QUICK))
        self.settings = {}
        deaf, mute = map(self.port_of, workers)
        self.wait_for(lambda: len(self.gateway.requests) > 50, "requests")
        postgres = self.before["PGPORT"]
        self.cluster.environment["PGHOST"] = self.cluster.data  # the test's own way: a socket
        self.drop("--sport", postgres, "--dport", deaf)
        self.drop("--sport", mute, "--dport", postgres)
        self.drop("--dport", postgres, "--syn")
        dropped = time.monotonic()
        for worker in workers:
            self.wait_for_output(worker, "The database can't be used", 20)
        self.assertGreater(time.monotonic() - dropped, 9)  # it may only be slow
        before = len(self.gateway.requests)
        time.sleep(1)
        self.assertEqual(len(self.gateway.requests), before)
        subprocess.run([iptables(), "-F", "INPUT"], check=True)
        for worker in workers:
            self.wait_for_output(worker, "The database is back", 20)
        self.wait_until_all("accepted")
        self.assertEqual(self.states(), {"accepted": 1_000})
        self.assertEqual({request.reference for request in self.gateway.requests},
                         set(map(str, range(1, 1_001))))
        for worker in workers:
            self.assertEqual(self.output(worker).count("can't be used"), 1)
            self.stop_worker(worker)


if __name__ == "__main__":
    fleet_tool.main()
