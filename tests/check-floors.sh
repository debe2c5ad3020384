#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: a file of src/ includes only from its own floor and from those that tests/floors allows it; within a
# floor no header includes itself over others; GDBM, hiredis and the build's own config.h stay on their floors.
set -eu

top=${top_srcdir:-.}
floors=$top/tests/floors
edges=$(mktemp)
trap 'rm -f "$edges"' EXIT

files=$(find "$top/src" -name '*.[ch]' | sort)
if [ -z "$files" ]; then
  echo "check-floors: no sources below $top/src" >&2
  exit 1
fi

# shellcheck disable=SC2086 # no file of ours has a blank in its name
awk -v top="$top/src/" -v edges="$edges" '
function complain(what) {
  print FILENAME ":" FNR ": " what > "/dev/stderr"
  bad = 1
}

function check_owner(name,   i) {
  for (i in owners)
    if (name == i || (i ~ /\/$/ && index(name, i) == 1))
      if (index(owners[i], " " floor " ") == 0)
        complain("only" owners[i] "may include " i)
}

function check_include(name,   target) {
  check_owner(name)
  target = name
  sub(/\/.*/, "", target)
  if (target == name || !(target in allowed)) {
    if (quoted && !(name in owners))
      complain("\"" name "\" is in no floor")
    return
  }
  if (!quoted)
    complain("<" name "> is ours: use quotes")
  if (target != floor && index(allowed[floor], " " target " ") == 0)
    complain(floor " may not include " name)
  if (target == floor && file ~ /\.h$/)
    print file, name > edges
}

FILENAME == ARGV[1] {
  if ($1 == "floor" || $1 == "only") {
    rest = " "
    for (i = 3; i <= NF; i++)
      rest = rest $i " "
    if ($1 == "floor")
      allowed[$2] = rest
    else
      owners[$2] = rest
  } else if ($0 !~ /^(#.*)?$/)
    complain("neither floor nor only")
  next
}

FNR == 1 {
  file = substr(FILENAME, length(top) + 1)
  floor = file
  sub(/\/.*/, "", floor)
  if (!(floor in allowed))
    complain("src/" floor " is no floor: see tests/floors")
}

/^[ \t]*#[ \t]*(include|import|include_next)/ {
  name = $0
  if ($0 !~ /^[ \t]*#[ \t]*include[ \t]*(<[^<>]+>|"[^"]+")[ \t]*(\/\*.*)?$/) {
    complain("an include that cannot be read")
    next
  }
  quoted = $0 ~ /include[ \t]*"/
  sub(/^[^<"]*[<"]/, "", name)
  sub(/[>"].*/, "", name)
  check_include(name)
}

END { exit bad }
' "$floors" $files || status=1

if ! tsort "$edges" >/dev/null; then
  echo "check-floors: headers that include each other in a circle" >&2
  status=1
fi
exit ${status:-0}
