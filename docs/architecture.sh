#!/bin/sh
# The diagram of the headers, made from their #include lines:
#   architecture.sh graph    prints the graph, in graphviz's language
#   architecture.sh write    draws it: docs/architecture.svg (needs graphviz)
#   architecture.sh check    fails if that file shows another graph
# A box is a folder, or headers of include/mobivate/ that belong together: the list below says which.
# An arrow says "includes"; those that follow from others are left out. Fails if a header has no box,
# or if boxes include each other in a circle.
set -eu
cd "$(dirname "$0")/.."
drawing=docs/architecture.svg

# Each header is in the first box whose pattern it has. An .ipp file has the code of a public header,
# and is in the box of that header.
boxes='
client: ^(doi_client|coroutine)\.
detail/calling: ^detail/calling/
detail/account: ^detail/account/
detail/curl: ^(curl_transport\.|detail/curl/)
detail/protocol: ^((build_url|parse_response|json)\.|detail/protocol/)
options: ^(client_options|curl_options|batch|retry_policy|rate_limit|secret)\.
testing: ^testing/
transport: ^(transport|detail/multi)\.
results: ^(unsubscribe_request|unsubscribe_result|version)\.
detail: ^detail/
'

graph() {
  (cd include/mobivate && grep -rE --include='*.[hi]pp' '^#include <mobivate/' . | sort) |
    awk -v list="$boxes" '
    function fail(problem) { print "architecture.sh: " problem >"/dev/stderr"; failed = 1; exit 1 }
    function box_of(file,    i, short) {
      if (file ~ /ipp$/) file = header_of[file]
      for (i = 1; i <= count; ++i) {
        if (file !~ pattern[i]) continue
        if (file in seen) return i
        seen[file] = 1
        short = file
        sub(/\.hpp$/, "", short)
        if (short !~ /^detail\/[^\/]*$/ || boxes[i] == "detail") sub(/.*\//, "", short)
        if (files[i] != "") files[i] = files[i] (++in_box[i] % 3 == 0 ? ",<br/>" : ", ")
        files[i] = files[i] short
        return i
      }
      fail("no box for " file)
    }
    # Whether a box is reached from another in two steps or more.
    function reaches(from, to, depth,    i) {
      if (depth > count) fail("the boxes include each other in a circle, by " boxes[from])
      for (i = 1; i <= count; ++i) {
        if (!((from, i) in edge)) continue
        if (depth > 0 && i == to) return 1
        if (i != to && reaches(i, to, depth + 1)) return 1
      }
      return 0
    }
    BEGIN {
      lines = split(list, line, "\n")
      for (i = 1; i <= lines; ++i) {
        if (split(line[i], part, ": ") < 2) continue
        boxes[++count] = part[1]
        pattern[count] = part[2]
      }
    }
    {
      split($0, part, /^\.\/|:#include <mobivate\/|>/)
      includer[NR] = part[2]
      included[NR] = part[3]
      if (part[3] ~ /ipp$/ && part[2] !~ /^detail/) header_of[part[3]] = part[2]
    }
    END {
      if (failed) exit 1
      for (i = 1; i <= NR; ++i) {
        from = box_of(includer[i]); to = box_of(included[i])
        if (from != to) edge[from, to] = 1
      }
      print "digraph {"
      print "  node [shape=box style=rounded fontname=\"DejaVu Sans\" fontsize=14 margin=\"0.12,0.08\"]"
      print "  nodesep=0.3 ranksep=0.35 ordering=out"
      for (i = 1; i <= count; ++i) {
        print "  \"" boxes[i] "\" [class=" (boxes[i] ~ /^detail/ ? "room" : "front") \
          " label=<<b>" boxes[i] "</b><br/><font point-size=\"11\">" files[i] "</font>>]"
      }
      for (i = 1; i <= count; ++i) {
        for (j = 1; j <= count; ++j) {
          if (((i, j) in edge) && !reaches(i, j, 0)) {
            print "  \"" boxes[i] "\" -> \"" boxes[j] "\""
          }
        }
      }
      print "}"
    }'
}

# With the graph itself in a comment, and colours for light and dark.
draw() {
  dot -Tsvg | awk -v graph="$1" '
    /^<!--/ { while ($0 !~ /-->/) getline; next }
    { print }
    /xmlns=/ {
      print "<!-- graph\n" graph "\n-->"
      print "<style>"
      print "  .graph > polygon { fill: #fff } text { fill: #1d2430 }"
      print "  .node path { fill: #f4f6f8; stroke: #8a94a1 } .room path { fill: #e3edf8 }"
      print "  .edge path { stroke: #6a7482 } .edge polygon { fill: #6a7482; stroke: #6a7482 }"
      print "  @media (prefers-color-scheme: dark) {"
      print "    .graph > polygon { fill: #14181d } text { fill: #dfe4ea }"
      print "    .node path { fill: #1d232a; stroke: #6a7482 } .room path { fill: #1c3047 }"
      print "    .edge path { stroke: #94a0ad } .edge polygon { fill: #94a0ad; stroke: #94a0ad }"
      print "  }"
      print "</style>"
    }'
}

case ${1:-} in
  graph) graph ;;
  write)
    fresh=$(graph)
    echo "$fresh" | draw "$fresh" >"$drawing"
    ;;
  check)
    fresh=$(graph)
    shown=$(awk '/^-->/ { inside = 0 } inside { print } /^<!-- graph/ { inside = 1 }' "$drawing")
    [ "$shown" = "$fresh" ] && exit 0
    echo "$drawing shows another graph than the headers make: run docs/architecture.sh write" >&2
    exit 1
    ;;
  *)
    echo 'usage: docs/architecture.sh graph|write|check' >&2
    exit 2
    ;;
esac
