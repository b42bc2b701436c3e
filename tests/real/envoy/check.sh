#!/usr/bin/env bash
# Starts Envoy, checks it with kmspec and ends it again: check.sh [REPORT-FOLDER], from anywhere.
# KMSPEC names the binary (default: target/release/kmspec, built when missing). Ends as `kmspec run` does: 1 means that Envoy
# deviates in something that expected.toml does not declare, or no longer in something that it does.
set -euo pipefail
cd "$(dirname "$0")/../../.."
report=${1:-reports/latest/envoy}
if [ -z "${KMSPEC:-}" ]; then
    KMSPEC=target/release/kmspec
    [ -x "$KMSPEC" ] || cargo build --release --quiet
fi

tests/real/envoy/start.sh &
envoy=$!
trap 'kill "$envoy" 2>/dev/null || true; wait "$envoy" 2>/dev/null || true' EXIT
ready=
for _ in $(seq 600); do
    kill -0 "$envoy" 2>/dev/null || { echo "Envoy did not start" >&2; exit 3; }
    if (exec 3<>/dev/tcp/127.0.0.1/21880) 2>/dev/null; then ready=yes; break; fi
    sleep 0.1
done
[ -n "$ready" ] || { echo "Envoy is not ready after a minute" >&2; exit 3; }

code=0
"$KMSPEC" run \
    --target tests/real/envoy/target.toml \
    --expected tests/real/envoy/expected.toml \
    --report-dir "$report" || code=$?
exit "$code"
