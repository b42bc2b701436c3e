#!/usr/bin/env bash
# Certifies oidc-provider anew and compares what became of every scenario with the published run.
# Ends with 0 when both lists of ids and outcomes are the same, else with 1 and the difference; with 3 when it could not be
# tested, or not within two minutes (a missing binary is built before they begin).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
version=$(sed -n 's/.*"oidc-provider": "\(.*\)".*/\1/p' "$here/package.json")
published=$here/../../../reports/oidc-provider/$version/result.json
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

export KMSPEC=${KMSPEC:-$here/../../../target/release/kmspec}
[ -x "$KMSPEC" ] || cargo build --release --quiet --manifest-path "$here/../../../Cargo.toml"

code=0
timeout 115 "$here/certify.sh" "$fresh" >"$fresh/said" 2>&1 || code=$?
if [ "$code" = 124 ]; then
  cat "$fresh/said" >&2
  echo "oidc-provider $version was not certified within 115 s" >&2
  exit 3
fi
if [ "$code" -gt 1 ]; then
  cat "$fresh/said" >&2
  echo "oidc-provider $version could not be certified (exit code $code)" >&2
  exit "$code"
fi

outcomes() {
  node -e '
    const report = JSON.parse(require("fs").readFileSync(process.argv[1]));
    for (const { id, outcome } of report.scenarios) console.log(outcome.outcome.padEnd(16) + id);
  ' "$1"
}
if diff <(outcomes "$published") <(outcomes "$fresh/result.json"); then
  echo "oidc-provider $version: all $(outcomes "$fresh/result.json" | wc -l) outcomes as published"
else
  echo "oidc-provider $version: outcomes differ from reports/oidc-provider/$version/result.json (< published, > now)" >&2
  exit 1
fi
