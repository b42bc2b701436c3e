#!/usr/bin/env bash
# Runs kmspec against Envoy anew and compares what became of every scenario with the published run.
# Ends with 0 when both lists of ids and outcomes are the same, else with 1 and the difference; with 3 when there was no run.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/target.toml")
published=$here/../../../reports/envoy/$version/result.json
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT

code=0
"$here/run.sh" "$fresh" >"$fresh/said" 2>&1 || code=$?
if [ "$code" -gt 1 ]; then
  cat "$fresh/said" >&2
  echo "Envoy $version could not be checked (exit code $code)" >&2
  exit "$code"
fi

outcomes() {
  python3 -c '
import json, sys
for each in json.load(open(sys.argv[1]))["scenarios"]:
    print(each["outcome"]["outcome"].ljust(16) + each["id"])
' "$1"
}
if diff <(outcomes "$published") <(outcomes "$fresh/result.json"); then
  echo "Envoy $version: all $(outcomes "$fresh/result.json" | wc -l) outcomes as published"
else
  echo "Envoy $version: outcomes differ from reports/envoy/$version/result.json (< published, > now)" >&2
  exit 1
fi
