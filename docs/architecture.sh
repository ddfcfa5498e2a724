#!/bin/sh
# The diagram of the headers, made from their #include lines:
#   architecture.sh graph    prints the graph, in graphviz's language
#   architecture.sh write    draws it: docs/architecture.svg (needs graphviz)
#   architecture.sh check    fails if that file shows another graph
# An arrow says "includes"; those that follow from others are left out. The code of a public header,
# its .ipp in detail/, is part of its box. Fails if a header of detail/ is in no room, or if rooms
# include each other in a circle.
set -eu
cd "$(dirname "$0")/.."
drawing=docs/architecture.svg

# The rooms of detail/, and their headers.
rooms='
calls      async_calls attempts batch_run batch_source call call_loop engine one_by_one rate_limit
calls      retry_after system_clock
account    account check_options
masking    result_mask secret_mask
curl       curl_answer curl_error curl_exchanges curl_header curl_pointers curl_pool curl_share
curl       curl_transfer kept_connections sigpipe_guard
answers    answer_reader json_quirks plain_member read_answer
url        base_url percent_encoding query
mode       mode
cancelling cancelled
text       ascii escape
'

graph() {
  { echo "$rooms"; cd include/mobivate && grep -rE --include='*.[hi]pp' '^#include <mobivate/' . | sort; } | awk '
    function fail(problem) { print "architecture.sh: " problem >"/dev/stderr"; failed = 1; exit 1 }
    function box_of(header) {
      if (header ~ /ipp$/) { sub(/^detail\//, "", header); sub(/ipp$/, "hpp", header) }
      if (header !~ /^detail\//) return header
      if (!(header in room_of)) fail(header " is in no room: add it to one")
      return room_of[header]
    }
    function note(box) { if (!(box in known)) { known[box] = 1; boxes[++count] = box } }
    # Whether a box is reached from another in two steps or more.
    function reaches(from, to, depth,    i) {
      if (depth > count) fail("the boxes include each other in a circle, by " from)
      for (i = 1; i <= count; ++i) {
        if (!((from, boxes[i]) in edge)) continue
        if (depth > 0 && boxes[i] == to) return 1
        if (boxes[i] != to && reaches(boxes[i], to, depth + 1)) return 1
      }
      return 0
    }
    /^[a-z]/ {
      for (i = 2; i <= NF; ++i) {
        room_of["detail/" $i ".hpp"] = $1
        files[$1] = files[$1] (files[$1] == "" ? "" : ", ") $i
        if (++in_room[$1] % 2 == 0) files[$1] = files[$1] "<br/>"
      }
    }
    /^\.\// {
      split($0, part, /^\.\/|:#include <mobivate\/|>/)
      from = box_of(part[2]); to = box_of(part[3])
      sub(/\.hpp$/, "", from); sub(/\.hpp$/, "", to)
      note(from); note(to)
      if (from != to) edge[from, to] = 1
    }
    END {
      if (failed) exit 1
      print "digraph {"
      print "  node [shape=box style=rounded fontname=\"DejaVu Sans\" fontsize=14 margin=\"0.08,0.05\" width=0.5]"
      print "  nodesep=0.08 ranksep=0.28 ordering=out"
      for (i = 1; i <= count; ++i) {
        box = boxes[i]
        if (box in files) {
          list = files[box]
          sub(/<br\/>$/, "", list); gsub(/<br\/>, /, ",<br/>", list)
          print "  \"" box "\" [class=room label=<<b>" box "</b><br/><font point-size=\"11\">" list \
            "</font>>]"
        } else {
          print "  \"" box "\""
        }
      }
      for (i = 1; i <= count; ++i) {
        for (j = 1; j <= count; ++j) {
          if (!((boxes[i], boxes[j]) in edge) || reaches(boxes[i], boxes[j], 0)) continue
          print "  \"" boxes[i] "\" -> \"" boxes[j] "\""
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
