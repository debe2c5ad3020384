#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: the man pages name what the programs have: popgate.conf.5 each setting with its default and what is
# expected of it, and no other; popgate.1 each command and option; popgated.8 and popgate-login.8 each option. mandoc finds nothing in
# them.
set -eu

doc=${top_srcdir:-.}/doc
build=${top_builddir:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

complain() {
  echo "check-man: $*" >&2
  status=1
}

# --- settings ------------------------------------------------------------------------------------------------------------

# From --help-config: GROUP TAB KEY TAB DEFAULT TAB EXPECTED. An empty default is "nothing".
"$build/popgated" --help-config >"$work/help-config"
awk '
/^\[.*\]$/ { group = substr($0, 2, length($0) - 2); next }
/^# Expected: / { expected = substr($0, 13); next }
/^[a-z0-9_]+ =/ {
  key = $1
  value = $0
  sub(/^[a-z0-9_]+ = */, "", value)
  print group "\t" key "\t" (value == "" ? "nothing" : value) "\t" expected
}' "$work/help-config" | sort >"$work/wanted"

# From the page the same: in a ".Ss [GROUP] group", a ".It Ic KEY", and below it "Expected: ..." and "Default: ...".
awk '
function flush(   text) {
  if (key == "")
    return
  text = body
  sub(/.* Expected: /, "", text)
  expected = text
  sub(/ Default: .*/, "", expected)
  sub(/.* Default: /, "", text)
  sub(/\.$/, "", text)
  print group "\t" key "\t" text "\t" expected
  key = ""
}
/^\.\\"/ { next }
/^\.(Ss|Sh|El)/ { flush() }
/^\.Sh/ { group = "" }
/^\.Ss \[/ { group = $2; gsub(/[][]/, "", group); next }
/^\.It Ic / && group != "" { flush(); key = $3; body = ""; next }
{
  line = $0
  if (sub(/^\.[A-Z][a-z] /, "", line))
    sub(/ \.$/, ".", line)
  body = body " " line
}' "$doc/popgate.conf.5" | sort >"$work/found"

[ -s "$work/wanted" ] || complain 'popgated --help-config names no settings'
if ! diff "$work/wanted" "$work/found" >"$work/diff"; then
  complain 'popgate.conf.5 differs from popgated --help-config (<): group, key, default, expected'
  sed -n '/^[<>]/p' "$work/diff" >&2
fi

# --- commands and options ------------------------------------------------------------------------------------------------

# has_options PAGE WHOSE FILE: the page names each long option of the help in FILE.
has_options() {
  sed -n 's/^  \(-., \)\{0,1\}--\([a-z-]*\).*/\2/p' "$3" >"$work/options"
  [ -s "$work/options" ] || complain "$2 --help names no options"
  while read -r option; do
    grep -Eq "^\..*Fl -$option( |\$)" "$doc/$1" || complain "$1: --$option of $2 is missing"
  done <"$work/options"
}

"$build/popgated" --help >"$work/help"
has_options popgated.8 popgated "$work/help"

"$build/popgate-login" --help >"$work/help"
has_options popgate-login.8 popgate-login "$work/help"

"$build/popgate" --help >"$work/help"
has_options popgate.1 popgate "$work/help"
sed -n '/^Commands:$/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p' "$work/help" >"$work/commands"
[ -s "$work/commands" ] || complain 'popgate --help names no commands'
while read -r command; do
  awk -v name="$command" '
    ($1 == ".It" && $2 == "Ic" && $3 == name) || (above == ".It Xo" && $1 == ".Ic" && $2 == name) { found = 1 }
    { above = $0 }
    END { exit !found }' "$doc/popgate.1" || complain "popgate.1: the command $command is missing"
  "$build/popgate" "$command" --help >"$work/help" </dev/null
  has_options popgate.1 "popgate $command" "$work/help"
done <"$work/commands"

# --- metrics -------------------------------------------------------------------------------------------------------------

# A histogram has three names more. The table of the manual is compared with the program by tests/unit/test-metrics.
sed -n 's/^\.It Li \(popgate_[a-z_]*\).*/\1/p' "$doc/popgate.1" | sort -u >"$work/metrics"
[ -s "$work/metrics" ] || complain 'popgate.1 names no metrics'
for file in popgate-alerts.yml grafana-dashboard.json guide; do
  grep -o 'popgate_[a-z_]*' "$doc/$file" | sort -u | while read -r name; do
    grep -qxF -e "$name" -e "${name%_bucket}" -e "${name%_sum}" -e "${name%_count}" "$work/metrics" || echo "$file: $name"
  done
done >"$work/strange"
[ ! -s "$work/strange" ] || complain "no such metrics in popgate.1:
$(cat "$work/strange")"

# --- form ----------------------------------------------------------------------------------------------------------------

if command -v mandoc >/dev/null; then
  mandoc -T lint -W warning "$doc/popgated.8" "$doc/popgate.1" "$doc/popgate.conf.5" "$doc/popgate-login.8" >"$work/lint" 2>&1 || true
  if [ -s "$work/lint" ]; then
    complain 'mandoc -T lint finds:'
    cat "$work/lint" >&2
  fi
elif [ "$status" = 0 ]; then
  echo 'check-man: skipped: mandoc is not installed, so the form of the pages was not looked at; all else is well'
  exit 77
fi
exit "$status"
