#!/usr/bin/env bash
# Installs oidc-provider as the lock file says, unless it is there. Several may do so at once: each installs in a folder of
# its own and the first one's is kept, so that nobody ever sees half an installation.
set -euo pipefail
cd "$(dirname "$0")"
command -v npm >/dev/null || { echo "npm is missing: install Node 20 or later" >&2; exit 3; }
version=$(sed -n 's/.*"oidc-provider": "\(.*\)".*/\1/p' package.json)
installed() { grep -qs "\"version\": \"$version\"" node_modules/oidc-provider/package.json; }
installed && exit 0

new=$(mktemp -d ./node_modules.XXXXXX)
trap 'rm -rf "$new"' EXIT
cp package.json package-lock.json .npmrc "$new"
if ! (cd "$new" && timeout 90 npm ci --silent --no-audit --no-fund >&2); then
  echo "oidc-provider $version could not be installed within 90 s" >&2
  echo "hint: can npm reach its registry? \`npm ping\` tells" >&2
  exit 3
fi
[ ! -d node_modules ] || installed || mv node_modules "$new/former"
# Renaming fails when another one was faster, which is as good.
node -e 'require("fs").renameSync(process.argv[1], "node_modules")' "$new/node_modules" 2>/dev/null || installed
