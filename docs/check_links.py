"""Checks links: check_links.py *.md|*.html FILE_OR_DIRECTORY...

What a relative link names has to exist, anchors included. Others have to be https, to a host with a
dot; they are not fetched. In directories, files are those of the pattern.
"""
import html.parser
import pathlib
import re
import sys
import urllib.parse

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
MARKDOWN_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)|<(\w+://[^>\s]+)>|\b(?:href|src)=\"([^\"]+)\"")
HEADING = re.compile(r"^#+\s+(.*?)\s*$", re.MULTILINE)


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.anchors = [], set()

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.links += [values[name] for name in ("href", "src", "data") if values.get(name)]
        self.anchors |= {values[name] for name in ("id", "name") if values.get(name)}


def anchor_of(heading):
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def read(path):
    """The links and the anchors of a file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        page = Page()
        page.feed(text)
        return page.links, page.anchors
    text = FENCE.sub("", text)
    anchors = {anchor_of(heading) for heading in HEADING.findall(text)}
    links = [next(filter(None, groups)) for groups in MARKDOWN_LINK.findall(CODE.sub("", text))]
    return links, anchors


def problem_of(link, path, pages):
    url = urllib.parse.urlsplit(link)
    if url.scheme or url.netloc:
        return None if url.scheme == "https" and "." in url.netloc else "is not https to a host"
    target = path
    if url.path:
        target = (path.parent / urllib.parse.unquote(url.path)).resolve()
        if not target.exists():
            return "names no file"
    if not url.fragment or target.suffix not in (".md", ".html"):
        return None
    if target not in pages:
        pages[target] = read(target)
    return None if urllib.parse.unquote(url.fragment) in pages[target][1] else "names no anchor"


def main(arguments):
    files = []
    for argument in map(pathlib.Path, arguments[1:]):
        files += sorted(argument.rglob(arguments[0])) if argument.is_dir() else [argument]
    files = [file.resolve() for file in files]
    pages = {file: read(file) for file in files}
    problems, count = [], 0
    for file in files:
        for link in pages[file][0]:
            count += 1
            problem = problem_of(link, file, pages)
            if problem:
                problems.append(f"{file}: {link} {problem}")
    print("\n".join(sorted(set(problems))) or f"{count} links of {len(files)} files hold", flush=True)
    return 1 if problems or not count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
