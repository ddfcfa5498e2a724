"""Holds the reference complete.

The build fails if a public name is on no page, if an enumerator has no comment (Doxygen 1.9.4 does not
look at those), or if a word of a comment is on no page: Breathe drops what it does not know without a
warning, for example a link inside of code.
"""
import html
import pathlib
import re
import xml.etree.ElementTree as ElementTree

from docutils import nodes
from sphinx.util import logging

logger = logging.getLogger(__name__)
WORD_JOINER = "\u2060"  # Doxyfile.in puts it into URLs


def take_joiners_away(app, doctree):
    for text in list(doctree.findall(nodes.Text)):
        if WORD_JOINER in text:
            text.parent.replace(text, nodes.Text(text.replace(WORD_JOINER, "")))


def compact(text):
    """Without white space and marks, which a theme puts where it likes."""
    return re.sub(r"[\W_]+", "", text)


def comments_of(definition):
    for part in ("briefdescription", "detaileddescription"):
        for paragraph in definition.findall(f"{part}//para"):
            yield "".join(paragraph.itertext())


def is_left_to_the_compiler(member):
    return (member.findtext("argsstring") or "").endswith(("=delete", "=default"))


def public_names(directory):
    """Each public name, with its comments."""
    for file in sorted(pathlib.Path(directory).glob("*.xml")):
        for compound in ElementTree.parse(file).iter("compounddef"):
            if compound.get("kind") in ("class", "struct"):
                yield compound.findtext("compoundname"), list(comments_of(compound))
            for member in compound.iter("memberdef"):
                if member.get("prot") == "private" or member.get("kind") == "friend":
                    continue
                name = member.findtext("qualifiedname") or member.findtext("name")
                comments = list(comments_of(member))
                if comments or not is_left_to_the_compiler(member):
                    yield name, comments
                for value in member.iter("enumvalue"):
                    comments = list(comments_of(value))
                    yield f"{name}::{value.findtext('name')}", comments


def text_of(page):
    return html.unescape(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8")))


def check(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    pages = sorted(pathlib.Path(app.outdir, "docs", "reference").glob("*.html"))
    shown = "".join(compact(text_of(page)) for page in pages)
    documented = {name for domain in ("c", "cpp")  # macros are C's
                  for name, *_ in app.env.get_domain(domain).get_objects()}
    count = 0
    for name, comments in public_names(app.config.breathe_projects["mobivate"]):
        count += 1
        if name not in documented:
            logger.warning("%s is on no page of docs/reference", name)
        if not any(map(compact, comments)):
            logger.warning("%s has no comment", name)
        for comment in comments:
            if compact(comment) not in shown:
                logger.warning("the comment of %s is not shown whole: %s", name, comment)
    if count < 100:
        logger.warning("only %d public names: the XML is not that of the library", count)


def setup(app):
    app.connect("doctree-read", take_joiners_away)
    app.connect("build-finished", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
