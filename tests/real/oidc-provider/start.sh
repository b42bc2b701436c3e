#!/usr/bin/env bash
# Installs oidc-provider where it is missing, starts it on loopback and prints its discovery URL as the first line.
# Runs until it is ended. PORT takes a fixed port; without it any free one.
set -euo pipefail
cd "$(dirname "$0")"
./install.sh
exec node server.mjs
