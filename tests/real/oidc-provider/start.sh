#!/usr/bin/env bash
# Installs oidc-provider as the lock file says, starts it on loopback and prints its discovery URL as the first line.
# Runs until it is ended. PORT takes a fixed port; without it any free one.
set -euo pipefail
cd "$(dirname "$0")"
[ -d node_modules/oidc-provider ] || npm ci --silent --no-audit --no-fund >&2
exec node server.mjs
