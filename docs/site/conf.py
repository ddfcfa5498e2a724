"""The documentation site: `cmake --workflow --preset docs` builds it in build/docs/html.

Sphinx makes pages of the Markdown in this repository, and Breathe of Doxygen's XML, which is read from
the folder xml/ beside doctrees/ and html/. The source folder is the repository's root, so that links of
README.md lead to the same places as on a code host.
"""
import pathlib
import sys
import warnings

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

project = "mobivate-cpp"
html_title = "mobivate-cpp"
root_doc = "README"
source_suffix = {".md": "markdown"}
language = "en"
warnings.filterwarnings("ignore", module="breathe")  # of Breathe's own code, about a later Sphinx
extensions = ["myst_parser", "breathe", "sphinx_copybutton", "contents", "reference", "mend"]

# Folders without pages are not searched: those of builds hold whole systems.
exclude_patterns = [folder.name for folder in ROOT.iterdir()
                    if folder.is_dir() and folder.name != "docs"] + ["docs/site"]

myst_heading_anchors = 3
smartquotes = False  # so that a search finds a message as a program prints it

breathe_default_project = "mobivate"
breathe_default_members = ("members",)
breathe_show_include = False
primary_domain = "cpp"
highlight_language = "text"

# What signatures name and no page describes: the namespaces, the standard library, nlohmann/json, and
# template parameters.
nitpick_ignore_regex = [
    ("cpp:identifier", r"mobivate(::testing)?"),
    ("cpp:.*", r"(std|nlohmann)(::.*)?"),
    ("cpp:.*", r"(Result|Json|Next|OnResult|Range|Traits)"),
]

# Links to pages that are still being written.
nitpick_ignore = [("myst", page) for page in ("fleet.md",)
                  if not (ROOT / "docs/guide" / page).exists()]

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
pygments_style = "friendly"
pygments_dark_style = "native"
html_theme_options = {
    f"{shade}_css_variables": {
        "color-brand-primary": link,
        "color-brand-content": link,
        "color-api-name": "var(--color-foreground-primary)",  # red looks like a warning
    }
    for shade, link in (("light", "#0b57a4"), ("dark", "#82b9f5"))
}
