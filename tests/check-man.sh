#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: the man pages name what the programs have: popgate.conf.5 each setting with its default and what is
# expected of it, and no other; popgate.1 each command with its options, popgated.8 and popgate-login.8 each option, and none that
# --help has not. mandoc finds nothing in them, not even of style.
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

# options_of PROGRAM [COMMAND]: what its --help has, as it is typed, a line each.
options_of() {
  "$build/$@" --help </dev/null >"$work/help"
  sed -n -e h -e 's/^  \(-.\), --.*/\1/p' -e g -e 's/^  \(-., \)\{0,1\}\(--[a-z-]*\).*/\2/p' "$work/help"
}

# flags: every "Fl x" of the standard input, as it is typed.
flags() {
  awk '{ for (i = 1; i < NF; i++) if ($i == "Fl") print "-" $(i + 1) }'
}

# compare PAGE WHAT: both lists are the same: "wanted", from the help, and "found", from the page.
compare() {
  sort -u "$work/wanted" >"$work/wanted.sorted"
  sort -u "$work/found" >"$work/found.sorted"
  [ -s "$work/wanted" ] || complain "there is nothing to compare with $1: $2"
  diff "$work/wanted.sorted" "$work/found.sorted" >"$work/diff" && return
  complain "$1 differs from --help (<): $2"
  sed -n '/^[<>]/p' "$work/diff" >&2
}

# Each is told of in a ".It Fl".
for program in popgated popgate-login; do
  options_of $program >"$work/wanted"
  grep '^\.It Fl ' "$doc/$program.8" | flags >"$work/found"
  compare $program.8 options
done

options_of popgate >"$work/wanted"
cp "$work/wanted" "$work/common"
sed -n '/^Commands:$/,/^$/s/^  \([a-z][a-z-]*\) .*/\1/p' "$work/help" >"$work/commands"
while read -r command; do
  options_of popgate "$command" >>"$work/wanted"
done <"$work/commands"
grep '^\.It Fl ' "$doc/popgate.1" | flags >"$work/found"
compare popgate.1 options

# Each command has an ".It Ic", or an ".It Xo" over some lines, with the options that it has alone.
while read -r command; do
  echo "$command"
  options_of popgate "$command" | grep -vxF -f "$work/common" | sed "s/^/$command /"
done <"$work/commands" >"$work/wanted"
awk '
/^\.It Ic [a-z]/ { tell($0) }
/^\.It Xo$/ { heading = " "; next }
heading != "" && /^\.Xc$/ { tell(heading); heading = "" }
heading != "" { heading = heading " " $0 }
function tell(text,   n, words, i, command) {
  n = split(text, words, " +")
  for (i = 1; i < n; i++) {
    if (command == "" && words[i] ~ /^\.?Ic$/)
      {
        command = words[i + 1]
        print command
      }
    if (words[i] ~ /^\.?Fl$/)
      print command, "-" words[i + 1]
  }
}' "$doc/popgate.1" | grep -v '^ \|^\[' >"$work/found"
compare popgate.1 'commands, and their own options'

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

# Pages of ours that others refer to.
for page in "$doc"/*.[158]; do
  sed -n 's/^\.Xr \(popgate[a-z.-]*\) \([0-9]\).*/\1.\2/p' "$page" | sort -u | while read -r other; do
    [ -e "$doc/$other" ] || echo "$(basename "$page") refers to $other"
  done
done >"$work/absent"
[ ! -s "$work/absent" ] || complain "there is no such page: $(cat "$work/absent")"

# Which pages of others are installed, and known to mandoc, is not a matter of ours.
if command -v mandoc >/dev/null; then
  mandoc -T lint -W style "$doc"/*.[158] 2>&1 | grep -v 'referenced manual not found\|outdated mandoc.db' >"$work/lint" || true
  if [ -s "$work/lint" ]; then
    complain 'mandoc -T lint finds:'
    cat "$work/lint" >&2
  fi
elif [ "$status" = 0 ]; then
  echo 'check-man: skipped: mandoc is not installed, so the form of the pages was not looked at; all else is well'
  exit 77
fi
exit "$status"
