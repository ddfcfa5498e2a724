"""Runs all measurements:  measure.py BUILD_DIRECTORY [--quick]"""

import argparse
import json
import os
import re
import resource
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import chart
import ratio
import report
import sample
from machine import machine
from ratio import Client, compared, output, timed_command
from server import Server

ROOT = Path(__file__).resolve().parents[2]
PROTOCOLS = ("HTTP/1.1", "HTTPS", "HTTP/2")

FULL = {
    "processes": 5,
    "rounds": 31,
    "single": PROTOCOLS,
    "batch": [(protocol, n) for protocol in PROTOCOLS for n in (1, 8, 32, 128)],
    "distant": [(protocol, 128) for protocol in PROTOCOLS],
    "distant_rounds": 2,
    "distant_slice_seconds": 1.5,
    "far": [("HTTP/1.1", 512), ("HTTP/1.1", 4096)],
    "far_rounds": 3,
    "callbacks": [("HTTP/1.1", 1), ("HTTP/1.1", 32), ("HTTP/1.1", 128)],
    "counted": [("HTTP/1.1", 0), ("HTTPS", 0), ("HTTP/2", 0), ("HTTP/1.1", 32), ("HTTP/2", 32)],
    "sample_rounds": 15,
    "ceiling": [("HTTP/1.1", 1), ("HTTP/1.1", 32), ("HTTPS", 32)],
    "ceiling_rounds": 5,
    "long_batch": 1_000_000,
    "include": ("`mobivate::compiled`", "`mobivate::mobivate`", "`mobivate::compiled`, one call",
                "`mobivate::mobivate`, one call"),
    "include_rounds": 5,
}
QUICK = {
    "processes": 2,
    "rounds": 15,
    "single": ["HTTP/1.1"],
    "batch": [("HTTP/1.1", 1), ("HTTP/1.1", 32), ("HTTPS", 32), ("HTTP/2", 32)],
    "distant": [("HTTP/1.1", 128)],
    "distant_rounds": 1,
    "distant_slice_seconds": 0.5,
    "far": [("HTTP/1.1", 512)],
    "far_rounds": 1,
    "callbacks": [("HTTP/1.1", 32)],
    "counted": [("HTTP/1.1", 0)],
    "sample_rounds": 3,
    "ceiling": [("HTTP/1.1", 32)],
    "ceiling_rounds": 2,
    "long_batch": 50_000,
    "include": ("`mobivate::compiled`", "`mobivate::mobivate`"),
    "include_rounds": 3,
}
SHORT_BATCH = 10_000


class Measurements:
    def __init__(self, build, plan, server):
        self.build = build
        self.plan = plan
        self.server = server

    def all(self):
        plan = self.plan
        return {
            "machine": machine(),
            "single": [self.requests(protocol, 0) for protocol in plan["single"]],
            "batch": [self.requests(*each) for each in plan["batch"]],
            "distant": [
                self.requests(
                    *each, path="/distant", rounds=plan["distant_rounds"],
                    slice_seconds=plan["distant_slice_seconds"],
                )
                for each in plan["distant"]
            ],
            "far": [
                self.requests(*each, path="/far", rounds=plan["far_rounds"], slice_seconds=6)
                for each in plan["far"]
            ],
            "callbacks": [self.requests(*each, callbacks=True) for each in plan["callbacks"]],
            "sample": self.samples(),
            "ceiling": [self.ceiling(*each) for each in plan["ceiling"]],
            "memory": self.memory(),
            "counted": self.counted(),
            "include": [self.include(name) for name in plan["include"]],
        }

    def client(self, protocol, in_flight, path=""):
        return Client(self.build / "benchmark", self.server, protocol, in_flight, path)

    def requests(self, protocol, in_flight, path="", rounds=None, slice_seconds=0.02,
                 callbacks=False):
        """The library and a loop written by hand, or its callbacks and its batch, in one process;
        then again in another, since two processes differ by some percent in where their memory
        happens to lie."""
        row = {"protocol": protocol, "in_flight": in_flight}
        say(report.request(row) + path + (", callbacks" if callbacks else ""))
        client = self.client(protocol, in_flight, path)
        every = []
        for _ in range(self.plan["processes"]):
            every += client.run(
                "compare", "--rounds", rounds or self.plan["rounds"],
                "--slice-seconds", slice_seconds, *(["--callbacks"] if callbacks else []),
            )
        return {**row, **compared(every)}

    def samples(self):
        """`unsubscribe` and the sample of the documentation."""
        rows = []
        for protocol in ("HTTP/1.1", "HTTPS"):
            with self.client(protocol, 0) as client:
                for name in sample.SAMPLES:
                    say(f"{protocol}, {name}")
                    rounds = sample.compare(
                        name, self.server.urls[protocol], self.server.certificate, client,
                        self.plan["sample_rounds"],
                    )
                    rows.append({"protocol": protocol, "sample": name, **compared(rounds)})
        return rows

    def ceiling(self, protocol, in_flight):
        """`unsubscribe_all` and wrk, which reads no answer."""
        say(f"{protocol}, {in_flight} in flight, wrk")
        url = sample.url(self.server.urls[protocol], 1_000_000)
        fields = ["-H", "Content-Type: application/json", "-H", "Accept: application/json"]
        requests = 10_000 if in_flight > 1 else 4_000
        rounds = []
        with self.client(protocol, in_flight) as client:
            client.slice(1_000)
            for _ in range(self.plan["ceiling_rounds"]):
                cost, text = timed_command(
                    "wrk", "-t1", f"-c{in_flight}", "-d1s", *fields, url
                )
                answered = int(re.search(r"(\d+) requests in", text).group(1))
                if "Non-2xx" in text or "Socket errors" in text:
                    raise RuntimeError(text)
                wall = 1 / float(re.search(r"Requests/sec: +([\d.]+)", text).group(1))
                rounds.append({
                    "plain": {"cpu": cost["cpu"] / answered, "wall": wall},
                    "ours": client.slice(requests),
                })
        return {"protocol": protocol, "in_flight": in_flight, **compared(rounds)}

    def memory(self):
        """One long batch and one short one, with every outcome in it, in processes of their own."""
        runs = {}
        for name, requests in (("short", SHORT_BATCH), ("long", self.plan["long_batch"])):
            say(f"a batch of {requests:,}")
            seen = self.server.requests_seen()
            run = self.client("HTTP/1.1", 32, "/mixed").run("batch", "--requests", requests)
            run["seen_by_server"] = self.server.requests_seen() - seen
            runs[name] = run
        return runs

    def counted(self):
        """Instructions and allocations, which other programs on the machine do not change."""
        say("instructions and allocations")
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            calls = pool.map(self.count_calls, ("build_url", "parse_response"))
            requests = pool.map(self.count_requests, self.plan["counted"])
            return {"calls": list(calls), "requests": list(requests)}

    def count_calls(self, function):
        def run(tool, side, times):
            return output(*tool, self.build / "calls", function, side, times)

        return {"function": function, **counts(run)}

    def count_requests(self, scenario):
        command = self.client(*scenario).command

        def run(tool, side, times):
            sides = {"plain": ["--plain"], "ours": []}
            return output(*tool, *command, "serve", *sides[side], stdin=str(times))

        return {"protocol": scenario[0], "in_flight": scenario[1], **counts(run)}

    def include(self, name):
        """Compiles one file with the library's header, and one with those it stands on."""
        say(name)
        rounds = []
        kind, plain, ours = INCLUDE_COST[name]
        with tempfile.TemporaryDirectory() as work:
            sides = {"plain": Path(work, "plain.cpp"), "ours": Path(work, "ours.cpp")}
            sides["plain"].write_text(plain)
            sides["ours"].write_text(ours)
            compile_file = ["g++", "-std=c++17", "-O2", "-I", ROOT / "include"]
            for _ in range(self.plan["include_rounds"]):
                rounds.append({
                    side: timed_command(*compile_file, "-c", file, "-o", Path(work, "object"))[0]
                    for side, file in sides.items()
                })
            size = {
                side: len(output(*compile_file, "-E", "-P", file))
                for side, file in sides.items()
            }
        return {"name": name, "kind": kind, "size": size, **compared(rounds)}


JSON = "#include <nlohmann/json.hpp>\n"
CURL_AND_JSON = "#include <curl/curl.h>\n" + JSON
HEADER_ONLY = "#include <mobivate/doi_client.hpp>\n"
COMPILED = "#define MOBIVATE_COMPILED\n" + HEADER_ONLY
PLAIN_CALL = """
int main() {
  CURL* easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, "https://gateway.example");
  curl_easy_perform(easy);
  return nlohmann::json::parse("{}").empty();
}
"""
CALL = """
int main() {
  const mobivate::DoiClient client(mobivate::ClientOptions::from_environment());
  return stop_state(client.unsubscribe({})) == mobivate::StopState::accepted;
}
"""
INCLUDE_COST = {
    "`mobivate::compiled`": ("compiled", JSON, COMPILED),
    "`mobivate::mobivate`": ("header_only", CURL_AND_JSON, HEADER_ONLY),
    "`mobivate::compiled`, one call": ("call", CURL_AND_JSON + PLAIN_CALL, COMPILED + CALL),
    "`mobivate::mobivate`, one call": ("call", CURL_AND_JSON + PLAIN_CALL, HEADER_ONLY + CALL),
}


def counts(run):
    """What each side takes for one time: the difference that more times make."""
    few, many = 100, 300

    def difference(tool, side, pattern):
        numbers = [
            int(re.search(pattern, run(tool, side, times)).group(1).replace(",", ""))
            for times in (few, many)
        ]
        return (numbers[1] - numbers[0]) / (many - few)

    callgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    memcheck = ["valgrind", "--leak-check=no"]
    return {
        side: {
            "instructions": difference(callgrind, side, r"Collected : (\d+)"),
            "allocations": difference(memcheck, side, r"total heap usage: ([\d,]+)"),
        }
        for side in ("plain", "ours")
    }


def say(what):
    print(f"{what} ...", file=sys.stderr, flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("build", type=Path)
    arguments.add_argument("--quick", action="store_true")
    options = arguments.parse_args()

    ratio.without_proxies()
    most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]  # of 4,096 in flight
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))
    with tempfile.TemporaryDirectory() as work, Server(work) as server:
        results = Measurements(options.build, QUICK if options.quick else FULL, server).all()

    (options.build / "results.json").write_text(json.dumps(results, indent=2))
    print(report.tables(results))
    if options.quick:
        misses = "\n".join(report.misses(results, report.GROSS))
        sys.exit(misses or None)
    (ROOT / "docs/benchmark.md").write_text(report.document(results))
    (ROOT / "docs/benchmark.svg").write_text(chart.svg(results))


if __name__ == "__main__":
    main()
