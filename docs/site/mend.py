"""Mends what is broken in Debian's theme and search, in the site that was built.

Debian puts Furo together without Furo's own tools, and some things get lost:

- The script imports another as a module. Debian 12's page does not load it as one, so nothing of it
  runs: not the switch between light and dark, not the mark on the contents of the page. Debian 13's
  does, but imports in a way that breaks the mark, and browsers load no modules from a disk.
- The colours for a system that is set to dark are left out.
- Debian 12's style sheet imports another from a place that only Debian's web servers have.

Sphinx' search must find a message as it is printed:

- Debian 12's leaves out numbers. Ours are the gateway's codes: 541.
- A word whose stem is a stop word ("its": "it") is in the index as it is, but is looked up by its stem.
- Short words ("s" of "service's", "ms") are looked up as they are, but are in the index by their stem,
  or not at all. They are left out of a search if they are not in the index.

Each function leaves alone what is whole.
"""
import pathlib
import re

IMPORTED_SCRIPT = re.compile(r'import .*Gumshoe from "\./gumshoe-patched\.js";')
IMPORTED_STYLE = "@import url(/javascript/normalize.css/normalize.css);"
NORMALIZE = pathlib.Path("/usr/share/javascript/normalize.css/normalize.css")
CHOSEN_DARK = 'body[data-theme="dark"]'
NOT_CHOSEN_LIGHT = 'body:not([data-theme="light"])'
DARK_RULES = re.compile(r"^@media not print \{\n(  body\[data-theme=\"dark\"\] \{.*?\} \}\n)",
                        re.DOTALL | re.MULTILINE)
SKIPPED_NUMBERS = re.compile(r"\s*\|\|\s*queryTerm\.match\(/\^\\d\+\$/\)")
STEM = "let word = stemmer.stemWord(queryTermLower);\n"
INDEXED = STEM + """\
      if (stopwords.indexOf(word) !== -1) word = queryTermLower;
      if (word.length < 3 && !(word in Search._index.terms)) return;
"""


def mend_script(text, static):
    if not IMPORTED_SCRIPT.search(text):
        return text
    imported = (static / "scripts/gumshoe-patched.js").read_text(encoding="utf-8")
    return imported + IMPORTED_SCRIPT.sub("", text)


def mend_style(text, static):
    if IMPORTED_STYLE in text:
        text = text.replace(IMPORTED_STYLE, NORMALIZE.read_text(encoding="utf-8"))
    if NOT_CHOSEN_LIGHT in text:
        return text
    dark = DARK_RULES.search(text)
    rules = dark.group(1).replace(CHOSEN_DARK, NOT_CHOSEN_LIGHT)
    by_system = "@media not print { @media (prefers-color-scheme: dark) {\n" + rules + "}\n"
    return text[:dark.end()] + by_system + text[dark.end():]


def mend_search(text, static):
    return SKIPPED_NUMBERS.sub("", text).replace(STEM, INDEXED)


def mend(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    static = pathlib.Path(app.outdir, "_static")
    for name, mended in {"scripts/furo.js": mend_script, "styles/furo.css": mend_style,
                         "searchtools.js": mend_search}.items():
        file = static / name
        text = file.read_text(encoding="utf-8")
        file.write_text(mended(text, static), encoding="utf-8")


def load_as_no_module(app, page, template, context, doctree):
    for script in context.get("script_files", ()):
        if "furo.js" in str(getattr(script, "filename", "")):
            script.attributes.pop("type", None)


def setup(app):
    app.connect("html-page-context", load_as_no_module)
    app.connect("build-finished", mend)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
