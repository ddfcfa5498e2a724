"""Holds docs/guide/messages.md complete: messages.py

Every message in the sources has to be on the page, and what the page's tables call a message has to be
in the sources. A message is a text of several words. The texts of --help are left out, and so are JSON and SQL.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/guide/messages.md"
PROGRAMS = ("examples/*.cpp", "examples/bulk/*.cpp", "examples/fleet/*.cpp", "examples/gateway/*.cpp")
LIBRARY = "include/mobivate"
LIBCURL = "detail/curl/"  # looks for texts in libcurl's messages, which are none of ours

TOKEN = re.compile(r'''
    (?P<comment> //[^\n]* | /\*.*?\*/ | ^[ \t]*\#[^\n]* )
  | (?P<raw>     R"\(.*?\)" )
  | (?P<string>  "(?:[^"\\\n]|\\.)*" )
  | (?P<char>    (?<![0-9A-Fa-f])'(?:[^'\\\n]|\\.)+' )
  | (?P<space>   \s+ )
  | (?P<other>   . )
''', re.VERBOSE | re.DOTALL | re.MULTILINE)
# Calls whose texts are those of --help.
HELP = re.compile(r"(add_option|add_flag|add_subcommand|set_version_flag|set_help_all_flag|footer|option_text|capture_default_str|"
                  r"App\ app|Help|group)\s*[({]")
PUNCTUATION = " .,:;()'"
ESCAPES = {"n": " ", "t": " ", "r": " "}


def without_help(text):
    """Without the arguments of calls that make --help."""
    kept, at = [], 0
    for call in HELP.finditer(text):
        if call.start() < at:
            continue
        kept.append(text[at:call.start()])
        depth, at = 1, call.end()
        while depth > 0:
            token = TOKEN.match(text, at)
            depth += (token.group() in "({[") - (token.group() in ")}]")
            at = token.end()
    return "".join(kept) + text[at:]


def texts(source):
    """The texts in a source, with those that the compiler joins joined."""
    joined = ""
    for token in TOKEN.finditer(without_help(source)):
        if token.lastgroup == "string":
            joined += re.sub(r"\\(.)", lambda it: ESCAPES.get(it[1], it[1]), token.group()[1:-1])
        elif token.lastgroup not in ("space", "comment"):
            yield joined
            joined = ""


def is_message(text):
    in_it = re.findall(r"[A-Za-z]+", text)
    is_code = text.lstrip().startswith(("{", '"', ',"', "select ", "copy ", "discard "))
    return " " in text.strip() and len(in_it) > 1 and max(map(len, in_it)) > 2 and not is_code


def sources():
    for pattern in PROGRAMS:
        yield from sorted(ROOT.glob(pattern))
    yield from sorted((ROOT / LIBRARY).rglob("*.[hi]pp"))


def plain(text):
    return " ".join(text.split())


def words(text):
    """A text of a source as the page has it: without marks at its ends, and … for what is filled in."""
    return re.sub(r"%\d*[a-zA-Z]", "…", plain(text)).strip(PUNCTUATION)


def is_made_of(text, parts):
    """Whether the text is nothing but parts, with spaces and punctuation between."""
    reached = {0}
    for at in range(len(text)):
        if at not in reached:
            continue
        if text[at] in PUNCTUATION:
            reached.add(at + 1)
        reached.update(at + len(part) for part in parts if text.startswith(part, at))
    return len(text) in reached


def code_of(text):
    """What is between backquotes, of which there may be two."""
    return [double or single for double, single in re.findall(r"`` (.+?) ``|`([^`]+)`", text)]


def messages_of(page):
    """What is code in the columns of tables whose head is `message`."""
    column = None
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if not cells:
            column = None
        elif column is None:
            column = next((at for at, cell in enumerate(cells) if cell.startswith("message")), -1)
        elif column >= 0:
            yield from code_of(cells[column])


def main():
    page = PAGE.read_text(encoding="utf-8")
    shown = plain(" ".join(code_of(page)))
    problems, count, parts = [], 0, set()
    for file in sources():
        for text in texts(file.read_text(encoding="utf-8")):
            parts.add(words(text))
            if is_message(text) and LIBCURL not in file.as_posix():
                count += 1
                if words(text) not in shown:
                    problems.append(f"{file.relative_to(ROOT)}: not on the page: {words(text)}")
    parts = {part for part in parts if len(part) > 1}
    for message in messages_of(page):
        if not all(is_made_of(plain(piece), parts) for piece in message.split("…")):
            problems.append(f"on the page, but in no source: {message}")
    print("\n".join(dict.fromkeys(problems)) or f"{count} messages are on the page")
    return 1 if problems or count < 150 else 0


if __name__ == "__main__":
    sys.exit(main())
