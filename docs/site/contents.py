"""The order of the pages, in the side bar.

It is added to README.md here, for a code host would show it as a block of code.
"""
import pathlib

CONTENTS = {
    "Guide": [
        "docs/guide/README", "docs/guide/first-call", "docs/guide/results", "docs/guide/unit-tests",
        "docs/guide/asynchronous-calls", "docs/guide/lists", "docs/guide/fleet",
        "docs/guide/operations",
        "docs/guide/timeouts-and-retries", "docs/guide/tls-and-proxies",
        "docs/guide/logging-and-tracing", "docs/guide/transports", "docs/guide/your-build",
        "docs/guide/security", "docs/guide/wire-protocol", "docs/guide/plugins-forks-and-exits",
    ],
    "Look up": [
        "docs/guide/messages", "docs/guide/options", "docs/guide/example-programs",
        "docs/guide/supported-systems", "docs/reference/client",
        "docs/reference/requests-and-results", "docs/reference/transports",
    ],
    "In depth": [
        "docs/reliability", "docs/tested", "docs/benchmark", "docs/architecture",
    ],
    "The project": [
        "CHANGELOG", "CONTRIBUTING", "docs/checks", "docs/releasing", "docs/SECURITY",
    ],
}

TO_COME = ("docs/guide/fleet",)  # listed as soon as there is such a page


def add_contents(app, page, source):
    if page != app.config.root_doc:
        return
    for caption, pages in CONTENTS.items():
        there = [page for page in pages if page not in TO_COME or
                 pathlib.Path(app.srcdir, page + ".md").exists()]
        source[0] += "\n".join(["\n```{toctree}", ":hidden:", f":caption: {caption}", "", *there,
                                "```\n"])


def lead_to_the_first_page(app, exception):
    """Who opens the folder gets README.html."""
    if exception is None and app.builder.format == "html":
        pathlib.Path(app.outdir, "index.html").write_text(
            f'<meta http-equiv="refresh" content="0; url={app.config.root_doc}.html">\n')


def setup(app):
    app.connect("source-read", add_contents)
    app.connect("build-finished", lead_to_the_first_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
