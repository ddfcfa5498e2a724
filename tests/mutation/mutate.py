#!/usr/bin/env python3
"""Makes one small mistake after the other in headers, and prints those that no test notices.

  tests/mutation/mutate.py include/mobivate/detail/text.hpp

  --quick      runs only the tests that are likely to notice (see LIKELY), not the others after them
  --sample 5   only every fifth mistake
  --again      only those that the last run left
  --list       prints the mistakes and tries none
  --folder X   works in X, not in build/mutation: for two runs at once

The mistakes are the same for every file: a comparison flipped or moved by one, a condition negated, a
statement deleted, a constant or what is returned changed (see OPERATORS and mutants_of), in every line
but comments, preprocessor lines and what another platform compiles. Those that don't compile are not
counted. A test that hangs has noticed.

It works on a copy of the tree and never touches the checkout. A file takes 5 to 30 minutes. README.md
names the mistakes that can't matter. The tests are those in tests/units; for code that has to do with
threads, sockets or libcurl, also those in tests/network (see NETWORK). Needs ninja, g++ with gold,
clang++ and what the tests need.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]

# The first entry that a file's path begins with counts.
LIKELY = {
    "detail/protocol/build_url": ["build_url"],
    "detail/protocol/parse_response": ["parse_response"],
    "detail/protocol/plain_success": ["parse_response"],
    "detail/protocol/result_text": ["unsubscribe_result"],
    "detail/protocol/validate": ["unsubscribe_request"],
    "detail/protocol/base_url": ["base_url"],
    "detail/account/secret_mask": ["secret"],
    "detail/account/account": ["client_options", "doi_client"],
    "detail/calling/batch_run": ["batch"],
    "detail/calling/retry": ["retry"],
    "detail/calling/callback_thread": [],
    "detail/calling/call": ["doi_client", "batch", "retry"],
    "detail/calling/doi_client": ["doi_client", "batch"],
    "detail/calling/driver": ["batch", "doi_client", "retry"],
    "detail/calling/run_call": ["retry", "doi_client"],
    "detail/calling/slots": ["batch", "doi_client"],
    "detail/calling/waiting_calls": ["waiting_calls", "batch"],
    "detail/curl": [],
    "detail/exit": [],
    "detail/multi": ["retry", "batch"],
    "detail/per_process": ["per_process"],
    "detail/text": ["text"],
    "batch": ["batch"],
    "build_url": ["build_url"],
    "client_options": ["client_options", "doi_client"],
    "coroutine": ["coroutine"],
    "doi_client": ["doi_client", "batch"],
    "rate_limit": ["rate_limit"],
    "transport": ["mock_transport", "doi_client", "batch"],
    "unsubscribe_result": ["unsubscribe_result"],
    "unsubscribe_request": ["unsubscribe_request"],
    "retry_policy": ["unsubscribe_result", "client_options"],
    "secret": ["secret"],
    "json": ["json"],
    "testing/mock_transport": ["mock_transport"],
}

# The tests in tests/network that can see what these do, the cheapest first.
NETWORK = {
    "detail/calling": ["async", "cancellation", "process", "outages", "batch_network"],
    "detail/curl": ["sigpipe", "curl_transport", "hostile_server", "tls_and_proxy", "cancellation",
                    "outages", "async", "process", "batch_network", "faults", "http2", "resolver"],
    "detail/multi": ["cancellation", "async", "process", "batch_network"],
    "detail/exit": ["process", "async"],
    "detail/per_process": ["process", "async"],
    "rate_limit": ["async", "process"],
    "coroutine": [],
    "doi_client": ["async"],
}

# The files in detail that hold all the code of these, templates included.
CODE = {
    "detail/calling": ["calling/doi_client.ipp"],
    "detail/curl": ["curl/curl_transport.ipp"],
    "detail/multi": ["calling/doi_client.ipp", "curl/curl_transport.ipp"],
    "detail/exit": ["calling/doi_client.ipp", "curl/curl_transport.ipp"],
    "detail/per_process": ["calling/doi_client.ipp", "curl/curl_transport.ipp"],
}

# All code in them is templates, or needs C++20, and is compiled with the tests.
TEMPLATES = {f"include/mobivate/{name}.hpp" for name in ("json", "doi_client", "coroutine")}

# What takes longest, and so runs last.
SLOW = {
    "parse_response": ["Any bytes*"],
    "batch": ["Giving up*"],
    "retry": ["Any sequence*"],
    "async": ["Asynchronous calls are answered*", "Giving up*", "A callback may start*",
              "Clients that share*"],
    "batch_network": ["3*", "A late answer*", "A batch stops*"],
    "curl_transport": ["Eight threads*"],
    "faults": ["*secret"],
    "http2": ["*went silent*"],
    "process": ["A request after*"],
}

# Left out always: what depends on how busy the machine is.
UNSTEADY = {"secret": ["~Masking takes time*"]}

# What takes the place of a token. clang-format puts blanks around an operator, and none around the
# brackets of a template.
OPERATORS = {
    "<": [">=", "<="],
    "<=": [">", "<"],
    ">": ["<=", ">="],
    ">=": ["<", ">"],
    "==": ["!="],
    "!=": ["=="],
    "&&": ["||"],
    "||": ["&&"],
    "+": ["-"],
    "-": ["+"],
    "*": ["+"],
    "/": ["*"],
    "%": ["/"],
    "&": ["|"],
    "|": ["&"],
    "<<": [">>"],
    ">>": ["<<"],
    "+=": ["-="],
    "-=": ["+="],
    "/=": ["*="],
}
ELSEWHERE = {"true": ["false"], "false": ["true"], "!": [""], "++": ["--"], "--": ["++"]}

TOKEN = re.compile(
    r"""
    (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<preprocessor>^[ ]*\#(?:[^\n\\]|\\\n|\\.)*)
  | (?P<string>R"\((?:.|\n)*?\)"|"(?:[^"\\\n]|\\.)*")
  | (?P<char>'(?:[^'\\\n]|\\.)[^'\n]*')
  | (?P<number>\d(?:[\w.]|'\d)*)
  | (?P<word>[A-Za-z_]\w*)
  | (?P<sign><<=|>>=|->|\+\+|--|<=|>=|==|!=|&&|\|\||<<|>>|[-+*/%&|^]=|::|\.\.\.|.)
  """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)


class Token:
    def __init__(self, kind, text, begin):
        self.kind, self.text, self.begin, self.end = kind, text, begin, begin + len(text)


def tokens_of(source):
    tokens = []
    for match in TOKEN.finditer(source):
        if match.lastgroup in ("comment", "preprocessor") or match.group().isspace():
            continue
        tokens.append(Token(match.lastgroup, match.group(), match.start()))
    return tokens


def partners(tokens):
    """For each bracket, the index of the one that closes or opens it."""
    found, open_ = {}, []
    for index, token in enumerate(tokens):
        token.in_block = not open_ or tokens[open_[-1]].text == "{"
        if token.kind != "sign":
            continue
        if token.text in "([{":
            open_.append(index)
        elif token.text in ")]}" and open_:  # each branch of an #if may close what is open
            begin = open_.pop()
            found[begin], found[index] = index, begin
    return found


def other_numbers(text):
    match = re.fullmatch(r"([\d.a-fA-FxX']*?)([uUlL]*)", text)
    if match is None:
        return []  # the first half of a number such as 0x1p-53
    digits, suffix = match.group(1).replace("'", ""), match.group(2)
    if re.fullmatch(r"\d+e\d+", digits):
        return [str(float(digits) * 2), str(float(digits) / 2)]
    if "." in digits:
        return [str(float(digits) + 1)]
    value = int(digits, 0)
    return [str(value + 1) + suffix] + ([str(value - 1) + suffix] if value > 0 else [])


def condition_of(tokens, partner, index):
    """Where the condition before a question mark begins."""
    while True:
        previous = tokens[index - 1]
        if previous.text in (")", "]", "}") and previous.kind == "sign":
            index = partner[index - 1]
        elif previous.text in ("(", "[", "{", ",", ";", "=", "+=", "?", ":", "return"):
            return index
        else:
            index -= 1


def is_simple(condition):
    """One comparison, or a !: the operators negate it already."""
    return (re.fullmatch(r"[^&|?]* (==|!=|<|>|<=|>=) [^&|?]*|![^&|?=<>]*", condition) is not None)


def mutants_of(source):
    """(begin, end, replacement) of every mistake."""
    tokens = tokens_of(source)
    partner = partners(tokens)
    mutants = []

    def replace(first, last, text):
        mutants.append((tokens[first].begin, tokens[last].end, text))

    for index, token in enumerate(tokens):
        blanks = source[token.begin - 1] in " \n" and source[token.end : token.end + 1] in (" ", "\n")
        following = tokens[index + 1].text if index + 1 < len(tokens) else ""
        neighbours = {other.kind for other in tokens[max(index - 1, 0) : index + 2]}
        if token.text == "+" and neighbours & {"string", "char"}:
            continue  # texts, which no minus joins
        if token.kind == "sign" and token.text in OPERATORS and blanks:
            for other in OPERATORS[token.text]:
                replace(index, index, other)
        elif token.text in ELSEWHERE:
            for other in ELSEWHERE[token.text]:
                replace(index, index, other)
        elif token.kind == "number":
            for other in other_numbers(token.text):
                replace(index, index, other)
        elif token.kind == "string":
            replace(index, index, '"mutant"' if token.text != '"mutant"' else '""')
        elif token.kind == "char":
            replace(index, index, "'q'" if token.text != "'q'" else "'r'")
        # Conditions, negated.
        elif token.text in ("if", "while") and following == "(":
            end = partner[index + 1]
            begin = index + 2
            for at in range(begin, end):  # if (auto x = …; condition)
                if tokens[at].text == ";":
                    begin = at + 1
            condition = source[tokens[begin].begin : tokens[end - 1].end]
            declared = re.match(r"(const )?auto\*? ?[*&]? ?(\w+) = ", condition)
            if declared:
                replace(begin, end - 1, f"{condition}; !{declared.group(2)}")
            elif not is_simple(condition):
                replace(begin, end - 1, f"!({condition})")
        elif token.text == "?":
            begin = condition_of(tokens, partner, index)
            condition = source[tokens[begin].begin : tokens[index - 1].end]
            if not is_simple(condition):
                replace(begin, index - 1, f"!({condition})")
        # Statements, deleted; what is returned, empty or negated.
        if token.kind in ("word", "sign") and index > 0 and begins_statement(tokens, partner, index):
            end = index
            while tokens[end].text != ";":
                if tokens[end].text == "{" and is_function(tokens, partner, end):
                    break
                end = partner.get(end, end) + 1 if tokens[end].text in ("(", "[", "{") else end + 1
                if end >= len(tokens) or tokens[end].text == "}":
                    break
            if end >= len(tokens) or tokens[end].text != ";":
                continue
            if tokens[end - 2].text == "=" and tokens[end - 1].text in ("delete", "default"):
                continue  # no statement
            if token.text == "return" and end > index + 1:
                value = source[tokens[index + 1].begin : tokens[end - 1].end]
                if value not in ("{}", "nullptr", "std::nullopt", "false", "true"):
                    replace(index + 1, end - 1, "{}")
                    if re.search(r" (<|>|==|!=|<=|>=|&&|\|\|) |^!", value) and not (
                            "?" in value or is_simple(value)):
                        replace(index + 1, end - 1, f"!({value})")
            replace(index, end, ";")
    return sorted(set(mutants))


def is_function(tokens, partner, index):
    """Whether the block is a function's, and not a value's or a lambda's."""
    after = partner.get(index, index) + 1
    return after < len(tokens) and tokens[after].text not in (";", ",", ")", "(", ".", "?", ":", "[")


NO_STATEMENT = set(
    "if for while do switch case default else namespace struct class enum template using friend "
    "public private static constexpr inline const auto explicit typedef MOBIVATE_INLINE "
    "extern ; { } ( ) ,".split()
)


def begins_statement(tokens, partner, index):
    if tokens[index].text in NO_STATEMENT or not tokens[index].in_block:
        return False
    previous = tokens[index - 1]
    if previous.text in (";", "{", "}", "else"):
        return True
    if previous.text == ":":  # a case label's, not that of a base class or of an initializer
        return tokens[index - 2].text != ")" and tokens[index].text in ("return", "break")
    if previous.text == ")":
        opened = partner[index - 1]
        return tokens[opened - 1].text in ("if", "for", "while")
    return False


class Tree:
    """A copy of the checkout with a build of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.tree = folder / "tree"
        self.build = folder / "build"
        self.environment = dict(os.environ)
        self.seconds = {}
        self.copy()
        self.configure()

    def copy(self):
        """Only what differs, so that little is built again."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, check=True, capture_output=True, text=True).stdout
        names = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
        for name in names:
            content, copy = (ROOT / name).read_bytes(), self.tree / name
            if not copy.is_file() or copy.read_bytes() != content:
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(content)
                copy.chmod((ROOT / name).stat().st_mode)
        for copy in self.tree.rglob("*"):
            if copy.is_file() and str(copy.relative_to(self.tree)) not in names:
                copy.unlink()

    def configure(self):
        command = ["cmake", "-G", "Ninja", "-S", self.tree / "tests/mutation", "-B", self.build]
        # Without ccache: each mistake is compiled once, and ccache would read the files once more.
        self.environment.pop("CMAKE_CXX_COMPILER_LAUNCHER", None)
        subprocess.run(command, check=True, env=self.environment, stdout=subprocess.DEVNULL)

    def compiles(self, tests):
        if not tests:
            return True
        command = ["ninja", "-C", self.build, "-j2"] + [test + "_test" for test in tests]
        built = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        self.output = built.stdout
        return built.returncode == 0

    def passes(self, test, *filters):
        return self.run(self.build / (test + "_test"), test, filters, self.build / "exit_program")

    def run(self, program, test, filters, exit_program):
        """A test that takes five times as long as it should, and 5 s, has failed. Then, what it has
        started is ended too."""
        filters = [*filters, *UNSTEADY.get(test, [])]
        what, begin = " ".join([test, *filters]), time.monotonic()
        started = subprocess.Popen([program, "--abort", "--rng-seed", "1", *filters], cwd=self.tree,
                                   env={**self.environment, "EXIT_PROGRAM": str(exit_program)},
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   start_new_session=True)
        try:
            code = started.wait(timeout=self.seconds.get(what, 60) * 5 + 5)
        except subprocess.TimeoutExpired:
            return False
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)
            started.wait()
        self.seconds.setdefault(what, time.monotonic() - begin)
        return code == 0

    def compiles_alone(self, file):
        """Compiles a file that holds nothing but the mistaken one, or what CODE names. Clang takes half
        as long as GCC, and can be told to keep inline functions that nobody calls."""
        parts = code_of(file)
        alone = self.folder / "alone.cpp"
        command = ["clang++", "-std=c++17", "-O0", "-Werror=return-type", "-DMOBIVATE_COMPILED",
                   "-D_GLIBCXX_ASSERTIONS", "-I", self.tree / "include"]
        if file.suffix == ".hpp" and not parts:
            command.append("-femit-all-decls")
            before = "algorithm chrono functional memory optional stdexcept string variant vector"
        else:
            before = ("functional future list map deque thread unordered_map curl/curl.h "
                      "nlohmann/json.hpp")
        header = self.folder / ("before.hpp" if "-femit-all-decls" in command else "before_parts.hpp")
        precompiled = header.with_suffix(".pch")
        if not precompiled.exists():
            header.write_text("".join(f"#include <{name}>\n" for name in before.split()))
            subprocess.run(command + ["-x", "c++-header", header, "-o", precompiled,
                                      "-Xclang", "-fpch-instantiate-templates"], check=True)
        alone.write_text("".join(f"#include <mobivate/{part}>\n" for part in parts or [in_include(file)]))
        command += ["-include-pch", precompiled, "-c", alone, "-o", self.folder / "alone.o"]
        return subprocess.run(command, capture_output=True).returncode == 0

    def links_alone(self, name, folders):
        """Links it before everything else, so that its functions are those that are called."""
        objects = [path for folder in folders
                   for path in (self.build / "CMakeFiles" / (folder + ".dir")).rglob("*.o")]
        return subprocess.run(
            ["g++", self.folder / "alone.o", *objects, "-o", self.folder / name, "-fuse-ld=gold",
             "-Wl,--allow-multiple-definition", "-lCatch2WithMain", "-lcurl", "-lcpp-httplib", "-lssl",
             "-lcrypto", "-pthread"], capture_output=True).returncode == 0

    def passes_alone(self, test, *filters):
        folders = ["protocol", "calling", "curl"]
        if test == "process" and not self.links_alone("alone_exit_program",
                                                      ["exit_program", *folders]):
            return True
        if not self.links_alone("alone_test", [test + "_test", "servers", *folders]):
            return True
        return self.run(self.folder / "alone_test", test, filters, self.folder / "alone_exit_program")

    def verdict(self, file, likely, others, quick):
        """survived, noticed or not compiled"""
        if str(file) not in TEMPLATES:
            if not self.compiles_alone(file):
                return "not compiled"
            if not all(self.passes_alone(test, *quick_of(test)) for test in likely):
                return "noticed"
            if quick and (file.suffix == ".ipp" or code_of(file)):
                return "survived"
            if code_of(file):
                if not all(self.passes_alone(test, *slow_of(test)) for test in likely if test in SLOW):
                    return "noticed"
                likely, others = [test for test in likely if includes(test, file)], []
        # What is a template or a constant is in other files too: build them all again. A test that
        # does not compile any more has noticed it.
        if not self.compiles(likely):
            return "noticed" if code_of(file) else "not compiled"
        if not all(self.passes(test, *quick_of(test)) for test in likely):
            return "noticed"
        if quick:
            return "survived"
        passes = (self.compiles(others)
                  and all(self.passes(test, *slow_of(test)) for test in likely if test in SLOW)
                  and all(self.passes(test) for test in others))
        return "survived" if passes else "noticed"


def quick_of(test):
    return ["~" + name for name in SLOW.get(test, [])]


def slow_of(test):
    return [",".join(SLOW[test])] if test in SLOW else []


def includes(test, file):
    """Whether the test compiles the file's code itself."""
    return any(f"<mobivate/{in_include(file)}>" in path.read_text()
               for path in (ROOT / "tests").glob(f"*/{test}_test.cpp"))


def one_line(text):
    return " ".join(text.split())


def line_of(source, position):
    return source.count("\n", 0, position) + 1


def shown(source, mutant):
    """Where it is, and the line before and after."""
    begin, end, text = mutant
    first = source.rfind("\n", 0, begin) + 1
    last = source.find("\n", end)
    return "{}: {}  ->  {}".format(line_of(source, begin), one_line(source[first:last]),
                                   one_line(source[first:begin] + text + source[end:last]))


def compiled_lines(file):
    """The numbers of the lines that are no other platform's."""
    text = subprocess.run(["g++", "-std=c++20", "-E", "-fdirectives-only", "-DMOBIVATE_COMPILED",
                           "-I", ROOT / "include", "-x", "c++", file],
                          check=True, capture_output=True, text=True)
    lines, number, is_here = set(), 0, False
    for line in text.stdout.splitlines():
        marker = re.match(r'# (\d+) "(.*?)"', line)
        if marker:
            number, is_here = int(marker.group(1)), marker.group(2) == str(file)
            continue
        if is_here and line.strip():
            lines.add(number)
        number += 1
    return lines


def mistakes_in(file):
    source, compiled = file.read_text(), compiled_lines(file)
    return [mutant for mutant in mutants_of(source) if line_of(source, mutant[0]) in compiled]


def in_include(file):
    return str(file).replace("include/mobivate/", "")


def of_file(table, file, otherwise):
    """The first entry that its path begins with."""
    return next((found for path, found in table.items() if in_include(file).startswith(path)), otherwise)


def code_of(file):
    return ["detail/" + part for part in of_file(CODE, file, [])]


def likely_tests(file, units):
    return of_file(LIKELY, file, units) + of_file(NETWORK, file, [])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--sample", type=int, default=1)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build/mutation")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

    if arguments.list:
        for file in arguments.files:
            source = file.read_text()
            for mutant in mistakes_in(file):
                print(f"{file}:{shown(source, mutant)}")
        return

    tree = Tree(arguments.folder.resolve())
    files = [file.resolve().relative_to(ROOT) for file in arguments.files]
    units = sorted(path.name[: -len("_test.cpp")] for path in (ROOT / "tests/units").glob("*_test.cpp"))
    tests = {test for file in files for test in likely_tests(file, units)}
    if not arguments.quick and not all(code_of(file) for file in files):
        tests.update(units)
    if not tree.compiles(sorted(tests)):
        sys.exit("The tests do not compile as they are:\n" + tree.output)
    for test in sorted(tests):
        if not all(tree.passes(test, *part(test)) for part in (quick_of, slow_of)):
            sys.exit(f"{test}_test.cpp fails as it is")
    for file in files:
        try_file(tree, units, file, arguments)


def try_file(tree, units, file, arguments):
    likely = likely_tests(file, units)
    others = [test for test in units if test not in likely]
    copy, source = tree.tree / file, (ROOT / file).read_text()
    mutants = mistakes_in(ROOT / file)
    # The last run's survivors: by their lines' words, as lines may have moved.
    log = tree.folder / (str(file).replace("/", "-") + ".survivors")
    if arguments.again and log.exists():
        left = {text.split(": ", 1)[1] for text in json.loads(log.read_text())}
        mutants = [mutant for mutant in mutants if shown(source, mutant).split(": ", 1)[1] in left]
    mutants = mutants[:: arguments.sample]
    tried, uncompiled, survivors = 0, 0, []
    try:
        for mutant in mutants:
            begin, end, text = mutant
            copy.write_text(source[:begin] + text + source[end:])
            verdict = tree.verdict(file, likely, others, arguments.quick)
            tried += verdict != "not compiled"
            uncompiled += verdict == "not compiled"
            if verdict == "survived":
                survivors.append(shown(source, mutant))
                print(f"{file}:{survivors[-1]}", flush=True)
    finally:  # also if it is stopped half-way
        copy.write_text(source)
        log.write_text(json.dumps(survivors, indent=1))
        noticed = tried - len(survivors)
        print(f"{file}: {noticed} of {tried} noticed ({100 * noticed / max(tried, 1):.1f} %), "
              f"{uncompiled} do not compile", flush=True)


if __name__ == "__main__":
    main()
