#!/usr/bin/env bash
# The same load to pennyspan and to the agent of Rotel, which forwards to nowhere; each server alone on core 0, the load on core 1.
# rotel.sh SECONDS ENCODING: the agent is `rotel-agent` on the path, or what ROTEL names; pennyspan is target/release/pennyspan, or
# what PENNYSPAN names.
set -euo pipefail
seconds=${1:-20} encoding=${2:-identity}
pennyspan=${PENNYSPAN:-target/release/pennyspan}
rotel=${ROTEL:-$(command -v rotel-agent || true)}
if [ -z "$rotel" ]; then
  echo "no rotel-agent on the path: pip install rotel==0.0.1a15, and set ROTEL to rotel-agent in the package's folder" >&2
  exit 2
fi
[ -x "$pennyspan" ] || { echo "no $pennyspan: cargo build --release" >&2; exit 2; }
place=$(mktemp -d)
server=
finish() { [ -z "$server" ] || kill "$server" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$place"; }
trap finish EXIT
# Processor time of a process so far, in hundredths of a second.
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$1/stat"; }

measure() {
  local name=$1 target=$2 before after
  until (exec 3<>"/dev/tcp/${target%:*}/${target#*:}") 2>/dev/null; do sleep 0.1; done
  before=$(ticks "$server")
  printf '\n== %s\n' "$name"
  taskset -c 1 "$pennyspan" --quiet loadgen --target "http://$target" --encoding "$encoding" --seconds "$seconds" --seed 1 | tee "$place/load"
  after=$(ticks "$server")
  awk -v busy=$((after - before)) -v name="$name" \
    '/^acknowledged  / { gsub(",", ""); print name ": " int($NF * 1000 / (busy / 100)) " spans per second of its core" }' "$place/load"
  kill "$server"; wait "$server" 2>/dev/null || true; server=
}

taskset -c 0 "$rotel" start --otlp-grpc-endpoint 127.0.0.1:24317 --otlp-http-endpoint 127.0.0.1:24318 --exporter blackhole >"$place/rotel.log" 2>&1 &
server=$!
measure "rotel, forwarding to nowhere" 127.0.0.1:24318
taskset -c 0 "$pennyspan" --quiet serve --otlp-grpc 127.0.0.1:25317 --otlp-http 127.0.0.1:25318 --web 127.0.0.1:25380 --data "$place/data" >/dev/null &
server=$!
measure "pennyspan, durable" 127.0.0.1:25318
