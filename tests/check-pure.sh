#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: the core is pure. All that libcore.a wants from elsewhere is in tests/pure-symbols.
set -eu

top=${top_srcdir:-.}
archive=${top_builddir:-.}/libcore.a
symbols=$(mktemp)
trap 'rm -f "$symbols"' EXIT

if [ ! -f "$archive" ]; then
  echo "check-pure: $archive is not built" >&2
  exit 1
fi
${NM:-nm} -P "$archive" >"$symbols"

awk '
FILENAME == ARGV[1] {
  if ($0 ~ /^(#.*)?$/)
    next
  if (sub(/\*$/, ""))
    prefixes[$0] = 1
  else
    allowed[$0] = 1
  next
}

/:$/ { member = $1; next }

$2 ~ /^[Uwv]$/ {
  users[$1] = users[$1] " " member
  next
}

$2 ~ /^[ABCDGRSTVW]$/ { defined[$1] = 1 }

function is_allowed(symbol,   prefix) {
  if (symbol in allowed || symbol in defined)
    return 1
  for (prefix in prefixes)
    if (index(symbol, prefix) == 1)
      return 1
  return 0
}

END {
  if (!("pg_rules_decide" in defined)) {
    print "check-pure: pg_rules_decide is missing: this is not the core" > "/dev/stderr"
    bad = 1
  }
  for (symbol in users)
    if (!is_allowed(symbol)) {
      print "check-pure: " symbol " is not in tests/pure-symbols; wanted by" users[symbol] > "/dev/stderr"
      bad = 1
    }
  exit bad
}
' "$top/tests/pure-symbols" "$symbols"
