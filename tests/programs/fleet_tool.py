"""Runs fleet_unsubscribe on a PostgreSQL of its own, against a gateway that a test answers for."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import bulk_tool
from bulk_tool import ACCEPTED, ACCOUNT_ID, API_KEY, Gateway, REFUSED, SERVICE, WRONG_KEY, list_of

PROGRAMS = None  # set by main
SOURCES = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
LOCAL_POSTGRES = os.path.join(SOURCES, "examples", "fleet", "local_postgres.sh")
LONG = bool(os.environ.get("FLEET_LONG"))  # the variant for by hand: many minutes


# The values of statements that a test prepares itself.
TYPES = {
    "lease": "text, integer, float8, float8, timestamptz, bigint, timestamptz, bigint",
    "finish": "text, bigint[], bigint[], text[], text[], integer[], text[], integer[], boolean[], "
              "integer[], integer[], integer[], boolean[], float8[], float8[]",
    "give_back": "text, bigint[], bigint[], timestamptz[]",
    "status_unfinished": "", "status_done": "", "find": "text",
    "forget_old": "integer",
}


def statement(name):
    path = os.path.join(SOURCES, "examples", "fleet", "sql", name + ".sql")
    with open(path, encoding="utf-8") as file:
        return file.read()


class Session:
    """A connection on which a test runs statements one after another; one of them may wait."""

    def __init__(self, process, schema):
        self.process = process
        self.schema = schema
        self.run("set lock_timeout = '20s'")  # so that a test ends

    def begin(self, text):
        self.process.stdin.write(text.replace("mobivate.", self.schema + ".") + ";\n\\echo .\n")
        self.process.stdin.flush()

    def result(self):
        """The rows of what was begun."""
        rows = []
        while (line := self.process.stdout.readline()) not in (".\n", ""):
            rows.append(line.rstrip("\n"))
        return rows

    def run(self, text):
        self.begin(text)
        return self.result()

    def close(self):
        self.process.communicate(timeout=10)


class Cluster:
    """PostgreSQL in a folder of its own."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="fleet")
        os.chmod(self.directory, 0o755)
        self.data = os.path.join(self.directory, "postgres")
        self.environment = {}
        self.act("start")

    def act(self, action):
        done = subprocess.run([LOCAL_POSTGRES, action, self.data], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"local_postgres.sh {action}: {done.stderr.decode()}")
        found = dict(re.findall(r"(PG[A-Z]+)=(\S+)", done.stdout.decode()))
        self.environment.update(found)

    def remove(self):
        self.act("stop")
        shutil.rmtree(self.directory)

    def psql(self, **options):
        return subprocess.Popen(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"],
                                env=dict(os.environ, **self.environment),
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, **options)

    def sql(self, text):
        process = self.psql()
        output, problem = process.communicate(text, timeout=120)
        if process.returncode != 0:
            raise RuntimeError(problem)
        return output.strip()


class Result:
    def __init__(self, code, output):
        self.code = code
        self.output = output


class FleetTest(unittest.TestCase):
    maxDiff = None
    cluster = None
    schemas = 0

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster()
        cls.addClassCleanup(cls.cluster.remove)

    def setUp(self):
        self.work = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.work)
        FleetTest.schemas += 1
        self.schema = f"fleet_{FleetTest.schemas}"
        self.gateway = None
        self.workers = []
        self.settings = {}  # of the environment
        self.assert_ends(self.fleet("setup"), 0)

    def start_gateway(self, *arguments, **options):
        self.gateway = Gateway(*arguments, **options)
        self.addCleanup(self.gateway.close)
        return self.gateway

    def environment(self):
        port = self.gateway.port if self.gateway else 1
        return {**os.environ, **self.cluster.environment,
                "MOBIVATE_BASE_URL": f"http://127.0.0.1:{port}", "MOBIVATE_ACCOUNT_ID": ACCOUNT_ID,
                "MOBIVATE_API_KEY": API_KEY, **self.settings}

    def command(self, *arguments):
        return [os.path.join(PROGRAMS, "fleet_unsubscribe"), "--schema", self.schema,
                *map(str, arguments)]

    def fleet(self, *arguments, timeout=120, **options):
        done = subprocess.run(self.command(*arguments), env=self.environment(),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout,
                              check=False, **options)
        result = Result(done.returncode, done.stdout.decode(errors="replace"))
        self.assertNotIn(API_KEY, result.output)
        self.assertNotIn(ACCOUNT_ID, result.output)
        return result

    def start_worker(self, *arguments, prefix=()):
        """A worker in the background; `output` reads what it printed."""
        with open(os.path.join(self.work, f"output{len(self.workers)}"), "wb") as output:
            process = subprocess.Popen([*prefix, *self.command("work", *arguments)],
                                       env=self.environment(), stdout=output,
                                       stderr=subprocess.STDOUT)
        process.number = len(self.workers)
        self.workers.append(process)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def output(self, worker):
        with open(os.path.join(self.work, f"output{worker.number}"), errors="replace") as file:
            return file.read()

    def stop_worker(self, worker, code=3):
        worker.send_signal(signal.SIGTERM)
        self.assertEqual(worker.wait(30), code, self.output(worker))

    def sql(self, text):
        return self.cluster.sql(text.replace("mobivate.", self.schema + "."))

    def session(self):
        session = Session(self.cluster.psql(), self.schema)
        self.addCleanup(session.close)
        return session

    def prepare(self, name):
        """Prepares a statement of the fleet under its name."""
        types = f"({TYPES[name]})" if TYPES[name] else ""
        return f"prepare {name}{types} as {statement(name)};\n"

    def number(self, text):
        return int(self.sql(text))

    def insert(self, first, last, columns="", values=""):
        """Rows whose references are their numbers, as an application inserts them."""
        self.sql(f"""insert into mobivate.stops
            (source, destination, keyword, amount, provider, reference{columns})
            select 12345, '2547110' || lpad(i::text, 5, '0'), 'mv-100620006', 100, 'safaricom', i
            {values} from generate_series({first}, {last}) i on conflict do nothing""")

    def rate(self, per_second):
        self.assert_ends(self.fleet("rate", per_second), 0)

    def find(self, reference):
        result = self.fleet("find", f"2547110{reference:05d}", "--json")
        self.assert_ends(result, 0)
        return json.loads(result.output)[0]

    def states(self):
        """How many rows are in each state."""
        rows = self.sql("select state, count(*) from mobivate.stops group by state").split("\n")
        return {state: int(count) for state, count in (row.split("|") for row in rows if row)}

    def wait_for(self, condition, what, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                outputs = "".join(map(self.output, self.workers))
                self.fail(f"waited {seconds} seconds for {what}\n{outputs}")
            time.sleep(0.02)

    def wait_until_all(self, state, seconds=60):
        self.wait_for(lambda: set(self.states()) == {state}, f"all {state}", seconds)

    def wait_for_output(self, worker, text, seconds=60):
        self.wait_for(lambda: text in self.output(worker), repr(text), seconds)

    def assert_ends(self, result, code, *texts):
        self.assertEqual(result.code, code, result.output)
        for text in texts:
            self.assertIn(text, result.output)


def busiest_second(times):
    """The most of these moments in any second."""
    times = sorted(times)
    most = first = 0
    for last, time_of_last in enumerate(times):
        while time_of_last - times[first] >= 1:
            first += 1
        most = max(most, last - first + 1)
    return most


def main():
    global PROGRAMS
    sys.modules.setdefault("fleet_tool", sys.modules["__main__"])
    PROGRAMS = os.path.abspath(sys.argv.pop(1))
    unittest.main(module="__main__", verbosity=1)
