#!/usr/bin/env bash
# Starts Envoy, checks it with kmspec and ends it again. Deviations that expected.toml does not declare fail the check.
# usage: check.sh [folder for the report]
set -euo pipefail
root="$(cd "$(dirname "$0")/../../.." && pwd)"
report="${1:-$root/reports/latest/envoy}"

cd "$root"
cargo build --release --quiet --bin kmspec

"$root/tests/real/envoy/start.sh" &
envoy=$!
trap 'kill "$envoy" 2>/dev/null; wait "$envoy" 2>/dev/null || true' EXIT
for _ in $(seq 600); do
    kill -0 "$envoy" 2>/dev/null || { echo "Envoy did not start" >&2; exit 3; }
    if (exec 3<>/dev/tcp/127.0.0.1/21880) 2>/dev/null; then break; fi
    sleep 0.1
done

target/release/kmspec run \
    --target tests/real/envoy/target.toml \
    --expected tests/real/envoy/expected.toml \
    --report-dir "$report"
