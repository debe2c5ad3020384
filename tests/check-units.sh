#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Goal of this test: systemd finds nothing wrong in the units, and no service is exposed more than LIMIT; the sockets are
# where programs look for them, under the names by which popgated knows what is spoken there.
set -eu

source=${top_srcdir:-.}/systemd
build=${top_builddir:-.}
LIMIT=1.0
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
units=/usr/lib/systemd/system
status=0

complain() {
  echo "check-units: $*" >&2
  status=1
}

if ! command -v systemd-analyze >/dev/null; then
  echo 'check-units: skipped: systemd-analyze is not installed'
  exit 77
fi

# --- a host with these units, and with systemd's own ---------------------------------------------------------------------

mkdir -p "$root$units" "$root/usr/sbin" "$root/usr/bin" "$root/bin"
for program in /usr/sbin/popgated /usr/bin/popgate /bin/kill; do
  printf '#!/bin/sh\n' >"$root$program"
  chmod 755 "$root$program"
done
for unit in /lib/systemd/system/*.target /lib/systemd/system/-.slice /lib/systemd/system/*.slice; do
  [ ! -f "$unit" ] || cp -L "$unit" "$root$units"
done
cp "$source"/*.socket "$root$units"
services=popgated.service
sed 's|^ExecStart=.*/popgated|ExecStart=/usr/sbin/popgated|' "$build/systemd/popgated.service" >"$root$units/popgated.service"
# Without libmicrohttpd there is no exporter.
if [ -f "$build/systemd/popgate-exporter.service" ]; then
  services="$services popgate-exporter.service"
  sed 's|^ExecStart=.*/popgate |ExecStart=/usr/bin/popgate |' "$build/systemd/popgate-exporter.service" \
    >"$root$units/popgate-exporter.service"
else
  rm "$root$units/popgate-exporter.socket"
fi
names=$(cd "$root$units" && echo popgate*.s*)

# --- what systemd says ---------------------------------------------------------------------------------------------------

# shellcheck disable=SC2086 # a list of words
if ! systemd-analyze verify --man=no --root="$root" $names >"$root/verify" 2>&1 || [ -s "$root/verify" ]; then
  complain 'systemd-analyze verify finds:'
  cat "$root/verify" >&2
fi

for service in $services; do
  SYSTEMD_COLORS=no systemd-analyze security --offline=true --no-pager --root="$root" "$service" >"$root/security" 2>&1 || true
  exposure=$(sed -n "s/.*Overall exposure level for $service: \([0-9.]*\).*/\1/p" "$root/security")
  if [ -z "$exposure" ]; then
    complain "systemd-analyze security says no figure of $service:"
    tail -n 5 "$root/security" >&2
  elif awk -v is="$exposure" -v limit="$LIMIT" 'BEGIN { exit is <= limit }'; then
    complain "$service: exposure $exposure, and $LIMIT is the limit"
    grep -v '^+\|✓' "$root/security" >&2
  else
    echo "check-units: $service: exposure $exposure"
  fi
done

# --- what the programs want ----------------------------------------------------------------------------------------------

# has UNIT LINE
has() {
  grep -qxF "$2" "$source/$1" || complain "$1: expected $2"
}

# default GROUP KEY: of a setting, without the kind of a socket.
default() {
  "$build/popgated" --help-config | awk -v group="[$1]" -v key="$2" '
    /^\[/ { here = $0 == group }
    here && $1 == key { sub(/^[^=]*= */, ""); sub(/^unix:/, ""); print }'
}

has popgated.socket "ListenStream=$(default policy listen)"
has popgated.socket "SocketMode=$(default policy socket_mode)"
has popgated.socket "SocketUser=$(default policy socket_owner)"
has popgated.socket "SocketGroup=$(default policy socket_group)"
has popgated-control.socket "ListenStream=$(default control listen)"
has popgated-login.socket 'ListenSequentialPacket=/run/popgate/login'
has popgated.socket 'FileDescriptorName=policy'
has popgated-control.socket 'FileDescriptorName=control'
has popgated-login.socket 'FileDescriptorName=login'
for unit in popgated-control.socket popgated-login.socket; do
  has "$unit" 'Service=popgated.service'
done
for service in $services; do
  grep -q "^u $(sed -n 's/^User=//p' "$root$units/$service") " "$source/sysusers.d/popgate.conf" \
    || complain "sysusers.d/popgate.conf: the user of $service is missing"
done

# The exporter asks where popgated listens, as a user who may look, and is asked where the command says.
has popgate-exporter.socket "ListenStream=$("$build/popgate" exporter --help | sed -n 's/.*--listen=.* \([0-9.:]*\)$/\1/p')"
has popgate-exporter.service.in "ExecStart=@bindir@/popgate --socket=$(default control listen) exporter"
has popgate-exporter.service.in "User=$(default control readers)"

exit "$status"
