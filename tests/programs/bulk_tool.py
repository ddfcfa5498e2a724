"""Runs bulk_unsubscribe on files that a test makes, against a gateway that a test answers for."""

import collections
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

PROGRAMS = None  # set by main
ACCOUNT_ID = "43e36f50aaf111e272639171000000a9"
API_KEY = "3b41d767316541bacef19d1382ac1e12"
SERVICE = ["--source", "12345", "--keyword", "mv-100620006", "--amount", "100",
           "--provider", "safaricom"]
ACCEPTED = (200, '{"200": "MT-1"}')
REFUSED = (200, '{"590": "SEND_FAILED: subscriber not found"}')
WRONG_KEY = (401, '{"error": "Invalid account id or API key"}')

Request = collections.namedtuple("Request", "destination reference time")


class Gateway:
    """`answer(request)` returns a status, a body and perhaps headers, or None to hang up."""

    def __init__(self, answer=lambda request: ACCEPTED, port=0):
        self.answer = answer
        self.requests = []
        self.keys = set()  # with which requests came
        gateway = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query,
                                                    keep_blank_values=True))
                assert "stop" in query, "a request without stop bills"
                request = Request(query["destination"], query["reference"], time.monotonic())
                gateway.requests.append(request)
                gateway.keys.add(self.path.split("/")[4])
                answer = gateway.answer(request)
                if answer is None:
                    self.close_connection = True
                    return
                body = answer[1].encode()
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(body)))
                for name, value in answer[2:]:
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 1024

            def handle_error(self, *_):
                pass  # a client that was killed

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def sent(self):
        return [(r.destination, r.reference) for r in list(self.requests)]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def unused_port():
    server = http.server.HTTPServer(("127.0.0.1", 0), None)
    server.server_close()
    return server.server_address[1]


def rows(first, last):
    """Rows whose references are their numbers."""
    return "".join(f"2547110{i:05d},{i}\n" for i in range(first, last + 1))


def list_of(first, last):
    return "destination,reference\n" + rows(first, last)


class Result:
    def __init__(self, code, output):
        self.code = code
        self.output = output

    def table(self):
        """The summary's rows of numbers by name: this run, earlier, together."""
        found = re.findall(r"^(accepted|refused|not sent|unknown|rows|reported|skipped|lines) +"
                           r"([0-9 ]+)$", self.output, re.M)
        return {name: [int(number) for number in numbers.split()] for name, numbers in found}


class BulkTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.work = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.work)
        self.list = os.path.join(self.work, "stops.csv")
        self.journal = os.path.join(self.work, "outcomes.ndjson")
        self.gateway = None

    def start_gateway(self, *arguments, **options):
        self.gateway = Gateway(*arguments, **options)
        self.addCleanup(self.gateway.close)
        return self.gateway

    def write_list(self, content):
        with open(self.list, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())

    def write_journal(self, content):
        with open(self.journal, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())

    def environment(self, **changes):
        port = self.gateway.port if self.gateway else 1
        environment = dict(os.environ, MOBIVATE_BASE_URL=f"http://127.0.0.1:{port}",
                           MOBIVATE_ACCOUNT_ID=ACCOUNT_ID, MOBIVATE_API_KEY=API_KEY)
        environment.update(changes)
        return environment

    def command(self, *arguments, journal=True):
        journal = ["--journal", self.journal] if journal else []
        return [os.path.join(PROGRAMS, "bulk_unsubscribe"), self.list, *journal, *SERVICE,
                *map(str, arguments)]

    def bulk(self, *arguments, journal=True, environment=None, **options):
        command = self.command(*arguments, journal=journal)
        return self.run_command(command, environment, **options)

    def run_command(self, command, environment=None, **options):
        done = subprocess.run(command, env=environment or self.environment(),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=240,
                              check=False, **options)
        result = Result(done.returncode, done.stdout.decode(errors="replace"))
        self.assertNotIn(API_KEY, result.output)
        self.assertNotIn(ACCOUNT_ID, result.output)
        return result

    def start(self, *arguments, **options):
        """The program in the background; its output is in `self.work`/output."""
        with open(os.path.join(self.work, "output"), "wb") as output:
            process = subprocess.Popen(self.command(*arguments), env=self.environment(),
                                       stdout=output, stderr=subprocess.STDOUT, **options)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def output(self):
        with open(os.path.join(self.work, "output"), errors="replace") as file:
            return file.read()

    def wait_for(self, condition, what):
        end = time.monotonic() + 60
        while not condition():
            self.assertLess(time.monotonic(), end, "waited a minute for " + what)
            time.sleep(0.02)

    def journalled(self, *states):
        """Whole lines of the journal in one of these states; without states, all outcomes."""
        with open(self.journal, "rb") as file:
            lines = [json.loads(line) for line in file.read().split(b"\n")[:-1] if line]
        return [line for line in lines
                if (line["state"] in states if states else line["state"] != "sending")]

    def references(self, *states):
        return sorted((line["reference"] for line in self.journalled(*states)), key=int)

    def assert_ends(self, result, code, *texts):
        self.assertEqual(result.code, code, result.output)
        for text in texts:
            self.assertIn(text, result.output)

    def assert_adds_up(self, result, lines=None):
        """rows + reported + skipped = lines, as the summary has them."""
        table = result.table()
        self.assertEqual(table["rows"][-1] + table["reported"][-1] + table["skipped"][-1],
                         table["lines"][-1], result.output)
        self.assertEqual(sum(table[state][-1] for state in
                             ("accepted", "refused", "not sent", "unknown")), table["rows"][-1])
        if lines is not None:
            self.assertEqual(table["lines"][-1], lines, result.output)


def main():
    global PROGRAMS
    sys.modules.setdefault("bulk_tool", sys.modules["__main__"])
    PROGRAMS = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=1)
