"""Runs what docs/guide/fleet.md says to insert a stop with, as an application that may only insert:
   fleet_guide.py DIRECTORY_OF_THE_PROGRAMS"""

import os
import shlex
import shutil
import subprocess
import sys
import unittest

import fleet_tool
from fleet_tool import FleetTest

GUIDE = os.path.join(fleet_tool.SOURCES, "docs", "guide", "fleet.md")
EXTRACT = os.path.join(fleet_tool.SOURCES, "tests", "builds", "extract_snippets.sh")


def python_with_psycopg():
    """Debian's package is for Debian's Python, which may not be the first in the path."""
    for python in (sys.executable, "/usr/bin/python3"):
        if os.path.exists(python) and subprocess.run([python, "-c", "import psycopg"], check=False,
                                                     stderr=subprocess.DEVNULL).returncode == 0:
            return python
    return None


def has_php():
    if not shutil.which("php"):
        return False
    modules = subprocess.run(["php", "-m"], stdout=subprocess.PIPE, check=False).stdout
    return b"pdo_pgsql" in modules


class Guide(FleetTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.cluster.sql("create role shop login; create role stop_worker; create role care")

    def setUp(self):
        super().setUp()
        self.schema = "mobivate"  # as the snippets have it
        self.sql("drop schema if exists mobivate cascade")
        self.assert_ends(self.fleet("setup"), 0)
        grants = os.path.join(fleet_tool.SOURCES, "examples", "fleet", "sql", "grants.sql")
        with open(grants, encoding="utf-8") as file:
            self.sql("\\set application shop\n\\set worker stop_worker\n\\set operator care\n"
                     + file.read())

    def snippet(self, language):
        """The snippet of the guide that inserts a stop."""
        directory = os.path.join(self.work, language)
        subprocess.run([EXTRACT, GUIDE, language, directory], check=True)
        found = []
        for name in os.listdir(directory):
            with open(os.path.join(directory, name), encoding="utf-8") as file:
                code = file.read()
            if "insert into mobivate.stops" in code:
                found.append(code)
        self.assertEqual(len(found), 1, f"one snippet in {language} inserts a stop")
        return found[0]

    def run_as_application(self, command, text=None):
        done = subprocess.run(command, input=text, env={**self.environment(), "PGUSER": "shop"},
                              cwd=self.work, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def check_that_it_submits(self, command, text=None):
        """Run twice, it submits the stop once, and a worker sends it."""
        for _ in range(2):
            self.run_as_application(command, text)
            self.assertEqual(
                self.sql("select source, destination, keyword, amount, provider, reference, stop, "
                         "lane, state from mobivate.stops"),
                "12345|254743210492|mv-100620006|100|safaricom|ABC1234|flag|0|waiting")
        self.start_gateway()
        self.assert_ends(self.fleet("work", "--until-empty"), 0)
        self.assertEqual(self.gateway.sent(), [("254743210492", "ABC1234")])

    def test_the_sql(self):
        self.check_that_it_submits(["psql", "-X", "-v", "ON_ERROR_STOP=1"],
                                   self.snippet("sql") + ";")

    @unittest.skipUnless(python_with_psycopg(), "needs psycopg 3")
    def test_the_python(self):
        self.check_that_it_submits([python_with_psycopg(), "-"],
                                   "import psycopg\n" + self.snippet("python"))

    @unittest.skipUnless(has_php(), "needs PHP with PDO for PostgreSQL")
    def test_the_php(self):
        self.check_that_it_submits(["php"], "<?php $pdo = new PDO('pgsql:');\n"
                                   + self.snippet("php"))

    def test_the_cpp(self):
        with open(os.path.join(self.work, "submit.cpp"), "w", encoding="utf-8") as file:
            file.write(self.snippet("cpp") + """
#include <cstdio>

int main(int, char** arguments) {
  PGconn* const connection = PQconnectdb("");
  std::puts(submit(connection, "254743210492", "ABC1234") ? "committed" : "not committed");
  PQclear(PQexec(connection, arguments[1]));
  std::puts(submit(connection, "254743210492", "ABC1235") ? "committed" : "not committed");
  PQfinish(connection);
}
""")
        flags = subprocess.run(["pkg-config", "--cflags", "--libs", "libpq"],
                               stdout=subprocess.PIPE, text=True, check=True).stdout
        subprocess.run([os.environ.get("CXX", "c++"), "-std=c++17", "submit.cpp", "-o", "submit",
                        *shlex.split(flags)], cwd=self.work, check=True)
        # After an error the transaction takes nothing more.
        self.assertEqual(self.run_as_application(["./submit", "begin; select no_such_column"]),
                         "committed\nnot committed\n")
        self.check_that_it_submits(["./submit", "begin; select no_such_column"])


if __name__ == "__main__":
    fleet_tool.main()
