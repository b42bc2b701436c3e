#!/usr/bin/env bash
# Starts the server, certifies it and ends it: certify.sh REPORT-FOLDER, from the top of the project or anywhere.
# KMSPEC names the binary (default: target/release/kmspec, built when missing); PORT takes a fixed port.
# Ends as `kmspec certify` does: 1 means that deviations were found and written down.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
report=${1:?usage: certify.sh REPORT-FOLDER}
top=$(cd "$here/../../.." && pwd)
if [ -z "${KMSPEC:-}" ]; then
  KMSPEC=$top/target/release/kmspec
  [ -x "$KMSPEC" ] || cargo build --release --quiet --manifest-path "$top/Cargo.toml"
fi
version=$(sed -n 's/.*"oidc-provider": "\(.*\)".*/\1/p' "$here/package.json")

# Test data of this configuration, no secrets of anybody.
export KMSPEC_CLIENT_SECRET=kmspec-test-secret-0123456789abcdef
export KMSPEC_OTHER_SECRET=kmspec-other-secret-0123456789abcde

"$here/install.sh"
work=$(mktemp -d)
"$here/start.sh" >"$work/out" 2>"$work/err" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
for _ in $(seq 150); do
  [ -s "$work/out" ] && break
  kill -0 "$server" 2>/dev/null || { cat "$work/err" >&2; echo "oidc-provider did not start" >&2; exit 3; }
  sleep 0.1
done
[ -s "$work/out" ] || { cat "$work/err" >&2; echo "oidc-provider is not ready after 15 s" >&2; exit 3; }

code=0
"$KMSPEC" certify "$(head -1 "$work/out")" \
  --client-id kmspec --client-secret-env KMSPEC_CLIENT_SECRET \
  --other-client-id kmspec-other --other-client-secret-env KMSPEC_OTHER_SECRET \
  --scope orders:read --resource urn:kmspec:orders \
  --name oidc-provider --product-version "$version" \
  --report-dir "$report" || code=$?
exit "$code"
