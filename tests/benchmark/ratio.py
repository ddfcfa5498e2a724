"""What the measurements are made of: processes, their cost, and ratios of costs."""

import json
import os
import resource
import statistics
import subprocess
import time

METRICS = ("cpu", "wall")


def summary(values):
    """Median and quartiles."""
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"low": low, "median": middle, "high": high}


def compared(rounds):
    """For each metric, what `plain` costs divided by what `ours` costs, round by round."""
    return {
        metric: {
            "ratio": summary([each["plain"][metric] / each["ours"][metric] for each in rounds]),
            "plain": statistics.median(each["plain"][metric] for each in rounds),
            "ours": statistics.median(each["ours"][metric] for each in rounds),
        }
        for metric in METRICS
    }


def output(*command, stdin=None):
    """What a command prints."""
    command = [str(word) for word in command]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed:\n{done.stderr}")
    return done.stdout + done.stderr


def cpu_of(usage):
    return usage.ru_utime + usage.ru_stime


def timed(function):
    """What this process spends on a call."""
    cpu, wall = cpu_of(resource.getrusage(resource.RUSAGE_SELF)), time.perf_counter()
    function()
    wall = time.perf_counter() - wall
    return {"cpu": cpu_of(resource.getrusage(resource.RUSAGE_SELF)) - cpu, "wall": wall}


def timed_command(*command):
    """What a command and its children spend, and what it prints."""
    start, cpu = time.perf_counter(), cpu_of(resource.getrusage(resource.RUSAGE_CHILDREN))
    text = output(*command)
    wall = time.perf_counter() - start
    cpu = cpu_of(resource.getrusage(resource.RUSAGE_CHILDREN)) - cpu
    return {"cpu": cpu, "wall": wall}, text


def each(cost, count):
    return {metric: cost[metric] / count for metric in METRICS}


class Client:
    """The benchmark program, for one server."""

    def __init__(self, program, server, protocol, in_flight=0, path=""):
        self.command = [
            str(program), "--base-url", server.urls[protocol] + path,
            "--certificate", str(server.certificate), "--in-flight", str(in_flight),
        ]
        if protocol == "HTTP/2":
            self.command.append("--http2")

    def run(self, *arguments):
        return json.loads(output(*self.command, *arguments))

    def __enter__(self):
        """The process that then sends slices on demand."""
        self.process = subprocess.Popen(
            [*self.command, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def slice(self, requests):
        print(requests, file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def without_proxies():
    """All servers are on this machine."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            del os.environ[name]
