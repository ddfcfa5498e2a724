#!/bin/sh
# Writes each code block of a language in a Markdown file to a file of its own:
#   extract_snippets.sh README.md cpp OUT    makes OUT/1.cpp, OUT/2.cpp and so on
set -eu
mkdir -p "$3"
awk -v language="$2" -v out="$3" '
  $0 == "```" { if (writing) close(file); writing = 0 }
  writing { print > file }
  $0 == "```" language { writing = 1; file = out "/" ++count "." language }
' "$1"
