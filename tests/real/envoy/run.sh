#!/usr/bin/env bash
# Starts Envoy, runs kmspec against it and ends it again: run.sh REPORT-FOLDER, from anywhere.
# KMSPEC names the binary (default: target/release/kmspec, built when missing). Ends as `kmspec run` does: 1 means that Envoy
# deviates in something that expected.toml does not declare, or no longer in something that it does; 3 that it could not be asked.
set -euo pipefail
report=${1:?usage: run.sh REPORT-FOLDER}
mkdir -p "$report"
report=$(realpath --relative-to="$(dirname "$0")/../../.." "$report")
cd "$(dirname "$0")/../../.."
if [ -z "${KMSPEC:-}" ]; then
  KMSPEC=target/release/kmspec
  [ -x "$KMSPEC" ] || cargo build --release --quiet
fi

# Envoy's configuration names both ports: its own, and that of the echo backend which kmspec opens.
for port in 21880 21881; do
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    echo "port $port is taken" >&2
    echo "hint: another run of this folder may be under way; let it end first" >&2
    exit 3
  fi
done

said=$(mktemp)
timeout 110 tests/real/envoy/start.sh >"$said" 2>&1 &
envoy=$!
trap 'kill "$envoy" 2>/dev/null || true; wait "$envoy" 2>/dev/null || true; rm -f "$said"' EXIT
for _ in $(seq 600); do
  kill -0 "$envoy" 2>/dev/null || { cat "$said" >&2; echo "Envoy did not start" >&2; exit 3; }
  (exec 3<>/dev/tcp/127.0.0.1/21880) 2>/dev/null && break
  sleep 0.1
done
(exec 3<>/dev/tcp/127.0.0.1/21880) 2>/dev/null || { cat "$said" >&2; echo "Envoy is not ready after a minute" >&2; exit 3; }

code=0
timeout 45 "$KMSPEC" run \
  --target tests/real/envoy/target.toml \
  --expected tests/real/envoy/expected.toml \
  --report-dir "$report" || code=$?
[ "$code" != 124 ] || { echo "the run was ended after 45 seconds" >&2; code=3; }
exit "$code"
