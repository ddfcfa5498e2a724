"""The results as Markdown."""

import string
from pathlib import Path

DOCUMENT = Path(__file__).with_name("document.md")
# The least that each ratio has to be. Times are those of whatever machine checks a change, and what
# else it does; instructions are not, so those are held to more.
TARGETS = {"requests": 0.97, "512": 1.3, "4096": 1.0, "wall": 0.97, "callbacks": 0.85, "counted": 0.97,
           "requests.get": 25, "requests.Session": 1,
           "build_url": 2, "parse_response": 2,
           "compiled": 1.82, "header_only": 0.82, "call": 0}
GROSS = {"requests": 0.7, "512": 0.9, "4096": 0.7, "wall": 0.7, "callbacks": 0.6, "counted": 1.2,
         "requests.get": 3, "requests.Session": 1,
         "build_url": 2, "parse_response": 2,
         "compiled": 1.5, "header_only": 0.35, "call": 0}
MOST_MEMORY_GROWTH_MIB = 1.5


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def spread(ratio):
    return f"**{ratio['median']:.2f}** ({ratio['low']:.2f} to {ratio['high']:.2f})"


def microseconds(row, metric):
    return f"{row[metric]['plain'] * 1e6:.1f} / {row[metric]['ours'] * 1e6:.1f}"


def requests_table(first, rows):
    head = [first, "CPU ratio", "wall ratio", "CPU µs", "wall µs"]
    return table(head, [[
        name, spread(row["cpu"]["ratio"]), spread(row["wall"]["ratio"]),
        microseconds(row, "cpu"), microseconds(row, "wall"),
    ] for name, row in rows])


def in_flight(row):
    return f"{row['protocol']}, {row['in_flight']} in flight"


def request(row):
    if row["in_flight"] == 0:
        return f"`unsubscribe`, {row['protocol']}"
    return f"`unsubscribe_all`, {in_flight(row)}"


def single_table(results):
    return requests_table("`unsubscribe`", [(row["protocol"], row) for row in results["single"]])


def batch_table(results):
    return requests_table("`unsubscribe_all`", [(in_flight(row), row) for row in results["batch"]])


def distant_table(results):
    return requests_table("answers after 50 ms", [(in_flight(row), row) for row in results["distant"]])


def far_table(results):
    return requests_table("answers after 200 ms", [(in_flight(row), row) for row in results["far"]])


def callbacks_table(results):
    return requests_table("`unsubscribe_async`", [
        (in_flight(row), row) for row in results["callbacks"]
    ])


def sample_table(results):
    head = ["sample", "CPU, times less", "wall, times less", "CPU µs", "wall µs"]
    return table(head, [[
        f"`{row['sample']}`, {row['protocol']}",
        f"**{row['cpu']['ratio']['median']:.0f}**", f"**{row['wall']['ratio']['median']:.0f}**",
        microseconds(row, "cpu"), microseconds(row, "wall"),
    ] for row in results["sample"]])


def ceiling_table(results):
    head = ["`wrk`", "requests/s, wrk", "requests/s, `unsubscribe_all`", "of wrk's", "CPU µs"]
    return table(head, [[
        in_flight(row), f"{1 / row['wall']['plain']:,.0f}", f"{1 / row['wall']['ours']:,.0f}",
        f"{row['wall']['ratio']['median']:.0%}", microseconds(row, "cpu"),
    ] for row in results["ceiling"]])


def memory_table(results):
    head = ["batch", "accepted", "refused", "not sent", "unknown", "mistakes", "seen by the server",
            "CPU µs", "most memory"]
    return table(head, [[
        f"{run['total']:,}", *(f"{run[state]:,}" for state in
                               ("accepted", "refused", "not_sent", "unknown", "mistakes",
                                "seen_by_server")),
        f"{run['cost']['cpu'] * 1e6:.1f}", f"{run['peak_memory_kib'] / 1024:.2f} MiB",
    ] for run in results["memory"].values()])


def counted_table(first, rows):
    head = [first, "instructions ratio", "instructions", "allocations"]
    return table(head, [[
        name, f"**{fewer(row):.2f}**",
        *(f"{row['plain'][kind]:,.0f} / {row['ours'][kind]:,.0f}"
          for kind in ("instructions", "allocations")),
    ] for name, row in rows])


def calls_table(results):
    other = {"build_url": "libcurl's URL API", "parse_response": "`nlohmann::json::parse`"}
    return counted_table("function", [
        (f"`{row['function']}`, against {other[row['function']]}", row)
        for row in results["counted"]["calls"]
    ])


def counted_requests_table(results):
    return counted_table("request", [
        (request(row), row) for row in results["counted"]["requests"]
    ])


def fewer(row):
    return row["plain"]["instructions"] / row["ours"]["instructions"]


def include_table(results):
    head = ["", "CPU ratio", "CPU s", "preprocessed KiB"]
    return table(head, [[
        row["name"], spread(row["cpu"]["ratio"]),
        f"{row['cpu']['plain']:.2f} / {row['cpu']['ours']:.2f}",
        f"{row['size']['plain'] / 1024:,.0f} / {row['size']['ours'] / 1024:,.0f}",
    ] for row in results["include"]])


def memory_growth_mib(results):
    runs = results["memory"]
    return (runs["long"]["peak_memory_kib"] - runs["short"]["peak_memory_kib"]) / 1024


def unaccounted(run):
    """Outcomes that are wrong or lost, on either side."""
    states = sum(run[state] for state in ("accepted", "refused", "not_sent", "unknown"))
    sent = run["total"] - run["not_sent"]
    return run["mistakes"] + abs(run["total"] - states) + abs(sent - run["seen_by_server"])


def ratios(results):
    """Each ratio: what it is of, its kind, its value."""
    rows = [(request(row), row) for row in results["single"] + results["batch"]]
    rows += [(f"{request(row)}, answers after 50 ms", row) for row in results["distant"]]
    for name, row in rows:
        yield f"{name}, CPU", "requests", row["cpu"]["ratio"]["median"]
        yield f"{name}, wall", "requests", row["wall"]["ratio"]["median"]
    for row in results["far"]:
        name = f"{request(row)}, answers after 200 ms"
        yield f"{name}, CPU", str(row["in_flight"]), row["cpu"]["ratio"]["median"]
        yield f"{name}, wall", "wall", row["wall"]["ratio"]["median"]
    for row in results["callbacks"]:
        name = f"`unsubscribe_async`, {in_flight(row)}, CPU"
        yield name, "callbacks", row["cpu"]["ratio"]["median"]
    for row in results["sample"]:
        name = f"`{row['sample']}`, {row['protocol']}, wall"
        yield name, row["sample"], row["wall"]["ratio"]["median"]
    for row in results["counted"]["calls"]:
        yield f"`{row['function']}`, instructions", row["function"], fewer(row)
    for row in results["counted"]["requests"]:
        yield f"{request(row)}, instructions", "counted", fewer(row)
    for row in results["include"]:
        yield f"{row['name']}, CPU", row["kind"], row["cpu"]["ratio"]["median"]


def misses(results, least):
    """What is not as it should be."""
    for name, kind, value in ratios(results):
        if value < least[kind]:
            yield f"{name}: {value:.2f}, not {least[kind]} or more"
    growth = memory_growth_mib(results)
    if growth > MOST_MEMORY_GROWTH_MIB:
        yield f"the long batch takes {growth:.2f} MiB more, not {MOST_MEMORY_GROWTH_MIB} or less"
    for run in results["memory"].values():
        if unaccounted(run):
            yield f"{unaccounted(run)} outcomes of the batch of {run['total']:,} are not accounted for"


def missed_targets(results):
    missed = [f"- {miss}" for miss in misses(results, TARGETS)]
    return "\n".join(missed) or "All targets are met."


TABLES = {
    "single": single_table, "batch": batch_table, "distant": distant_table, "far": far_table,
    "callbacks": callbacks_table, "sample": sample_table, "ceiling": ceiling_table, "memory": memory_table,
    "calls": calls_table, "counted_requests": counted_requests_table, "include": include_table, "missed": missed_targets,
}


def tables(results):
    return "\n\n".join(make(results) for make in TABLES.values())


def document(results):
    machine = table(["", ""], results["machine"].items())
    return string.Template(DOCUMENT.read_text()).substitute(
        machine=machine, **{name: make(results) for name, make in TABLES.items()}
    )
