#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: no input makes a parser of the core read where it should not, or answer what it must not.
#
# Usage: run.sh [NAME...]       all fuzzers, or those: address lines request login-line login-form joiner torn change
#                                record usage report config
#                                postconf moment portable message
# Environment: FUZZ_SECONDS (60, for each), FUZZ_JOBS (1: how many at once), FUZZ_RUNS (ends each after so many runs instead), FUZZ_DIR (where the fuzzers
# are: tests/fuzz), FUZZ_WORK (where inputs are kept from one run to the next: FUZZ_DIR/work), top_srcdir (.)
set -eu
LC_ALL=C
all="address lines request login-line login-form joiner torn change record usage report config postconf moment portable message"
export LC_ALL

top=${top_srcdir:-.}
programs=${FUZZ_DIR:-tests/fuzz}
work=${FUZZ_WORK:-$programs/work}

if [ -n "${FUZZ_RUNS-}" ]; then
  limit=-runs=$FUZZ_RUNS
else
  limit=-max_total_time=${FUZZ_SECONDS:-60}
fi

# Each row of the line corpus as a file of its own: what it is, in the fuzzer's letters, and the line; names of users too.
seed_login_line() {
  awk -F '\t' -v out="$1/" '
  function put(text) {
    file = out "seed-" ++n
    printf "%s", text > file
    close(file)
  }
  /^#/ { next }
  {
    line = $0
    for (i = 1; i < 7; i++)
      sub(/^[^\t]*\t/, "", line)
    put(($1 == "dovecot-file" ? "d" : $1 == "tai64n" ? "T" : $1 == "journald-message" ? "m" : "s") line)
    if ($5 != "-") {
      put("n" $5)
      put("N" $5)
      put("f" $5)
    }
  }' "$top"/tests/corpus/logline/*.tsv
  printf 'tAAAAAAAANov 23 11:44:14 ' >"$1/seed-stamp"
}

# Each message of a sentence, behind the letter of its program, and each name in it in each way to log in and to fail.
seed_login_form() {
  awk -F '\t' -v out="$1/" '
  BEGIN {
    n = split("courier - - - cyrus - uw - qpopper - vpopmail popa3d perdition - teapop - gnu-pop3d vm-pop3d solid-pop3d", names, " ")
    for (i = 1; i <= n; i++)
      which[names[i]] = sprintf("%c", 59 + i)
  }
  function put(text) {
    file = out "seed-" ++n
    printf "%s", text > file
    close(file)
  }
  function put_name(name,   i) {
    if (known[name]++ || name == "")
      return
    for (i = 0; i < 20; i++) {
      put("n" sprintf("%c", 65 + i) name)
      put("f" sprintf("%c", 65 + i) name)
    }
  }
  /^#/ || !($2 in which) { next }
  {
    line = $0
    for (i = 1; i < 7; i++)
      sub(/^[^\t]*\t/, "", line)
    sub(/^[^:]*:..:[^:]*: /, "", line)
    put("s" which[$2] line)
    if ($6 ~ /^composed: (failed: |name )/)
      put_name(substr($6, index(substr($6, 11), " ") + 11))
  }' "$top"/tests/corpus/logline/*.tsv
}

seed_address() {
  n=0
  for text in 192.0.2.1 192.0.2.0/24 2001:db8::1 2001:db8::/32 ::ffff:192.0.2.1 ::/0 0.0.0.0/0; do
    n=$((n + 1))
    printf '@%s' "$text" >"$1/seed-$n"
  done
}

# Each file below a folder of the corpus, behind the bytes that say how the fuzzer takes it.
seed_files() {
  for file in "$top/tests/corpus/$3"/*; do
    { printf "%b" "$2"; cat "$file"; } >"$1/seed-$(basename "$file")"
  done
}

make_seeds() {
  case $1 in
    address) seed_address "$2" ;;
    lines) seed_files "$2" '\000\001\020' requests ;;
    request) seed_files "$2" '\002\001\020' requests ;;
    login-line) seed_login_line "$2" ;;
    login-form) seed_login_form "$2" ;;
    config) seed_files "$2" '\000' config ;;
    joiner) printf '\000\001\012c1\n\000\001\013ubob\n\002\002\012c2\n\204\001\012e\n\202\002\014ueve\n' >"$2/seed-1" ;;
    torn)
      printf '\000\001\000\001l\n\000\001\310\002pLOGIN, user=bob, ip=[6.6.6.6], port=[1]\n\000\005\000\001l\n' >"$2/seed-1"
      printf '\000\001\000\001b\n\000\000\000\002mLOGIN, user=bob\n' >"$2/seed-3"
      printf '\240\001\000\001bLOGIN, user=bob\n\000\310\000\001l\n' >"$2/seed-2"
      ;;
    record | usage | change) ;;
    moment)
      printf '%s' '14:02' >"$2/seed-1"
      printf '%s' '2026-11-26 14:02:30' >"$2/seed-2"
      printf '%s' '2026-11-26T14:02:30.5+01:00' >"$2/seed-3"
      printf '%s' '@1795669200' >"$2/seed-4"
      ;;
    postconf)
      printf 's%s' 'mynetworks = 127.0.0.0/8' >"$2/seed-1"
      printf 'm%s' 'smtp inet n - y - - smtpd -o x=y' >"$2/seed-2"
      printf 'l%s' 'permit_mynetworks, check_policy_service { unix:x, timeout=5s, { default_action = OK a } }, reject' >"$2/seed-3"
      printf 'n%s' '127.0.0.0/8 [::1]/128 [::ffff:127.0.0.0]/104' >"$2/seed-4"
      ;;
    portable)
      printf '%s' '{"popgate_export":1,"version":"0.1.0","time_us":1795435200000000}' >"$2/seed-1"
      printf '%s' '{"note":"deny","target":"user:anna","by":"root","made_us":1,"until_us":null,"why":"spam"}' >"$2/seed-2"
      printf '%s' '{"note":"allow","target":"192.0.2.0/24","by":"root","made_us":1,"until_us":2,"why":""}' >"$2/seed-3"
      printf '%s%s' '{"grant":"192.0.2.7","newest_us":9,"first_us":1,"count":3,"dropped_us":null,"users":[{"user":"anna",' \
        '"time_us":9,"service":"pop3","server":"dovecot"},{"user_base64":"/w==","time_us":8,"service":"imap","server":"cyrus"}]}' \
        >"$2/seed-4"
      printf '%s' '{"end":true,"notes":1,"grants":1}' >"$2/seed-5"
      ;;
    message)
      printf '%s' '{"command":"watch","only":"logins,notes","address":"192.0.2.0/24","user":"Anna"}' >"$2/seed-1"
      printf '%s' '{"command":"watch","verdict":"OK,DUNNO"}' >"$2/seed-2"
      ;;
    report) printf 'pgl\001\200\371\311V"a\006\000\004pop3\011192.0.2.7\014198.51.100.1\004anna' >"$2/seed-1" ;;
    *) echo "run.sh: no fuzzer $1" >&2; exit 2 ;;
  esac
}

run_one() {
  mkdir -p "$work/$1"
  make_seeds "$1" "$work/$1"
  echo "fuzz-$1 ($limit)"
  if ! "$programs/fuzz-$1" "$limit" -timeout=10 -max_len=4096 -dict="$top/tests/fuzz/$1.dict" -artifact_prefix="$work/$1-" \
    "$work/$1" >"$work/$1.log" 2>&1; then
    tail -n 40 "$work/$1.log" >&2
    echo "fuzz-$1 failed: the input is $work/$1-*, all of it said is in $work/$1.log" >&2
    return 1
  fi
  tail -n 1 "$work/$1.log"
}

if [ "${FUZZ_JOBS:-1}" -gt 1 ]; then
  names=${*:-$all}
  jobs=$FUZZ_JOBS
  export FUZZ_JOBS=1
  # shellcheck disable=SC2086 # a list of words
  printf '%s\n' $names | xargs -P "$jobs" -n 1 "$0"
  exit
fi

status=0
for name in ${*:-$all}; do
  run_one "$name" || status=1
done
exit $status
