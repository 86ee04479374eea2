#!/usr/bin/env bash
# Installs the package managers that the end-to-end tests run into .cache/clients. npm comes with Node.js.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=$here/../../.cache/clients
if ! command -v npm >/dev/null; then
    echo "NO Node.js HERE: the tests with npm, pnpm and yarn cannot run. Install Node.js 20 or later." >&2
    [ "${CI:-}" = true ] && exit 1
    exit 0
fi
# fish reads what `subak env --shell fish` prints; the test of it needs the real one.
if ! command -v fish >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    mkdir -p "$target"
    { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends fish; } \
        >"$target/apt.log" 2>&1 || echo "fish could not be installed (see $target/apt.log)" >&2
fi
mkdir -p "$target"
if cmp -s "$here/package-lock.json" "$target/package-lock.json" && [ -d "$target/node_modules" ]; then
    exit 0
fi
cp "$here/package.json" "$here/.npmrc" "$target/"
cp "$here/package-lock.json" "$target/package-lock.json.new"
mv "$target/package-lock.json.new" "$target/package-lock.json"
if ! (cd "$target" && npm ci --no-audit --no-fund --loglevel=error); then
    rm -f "$target/package-lock.json" # so that the next run tries again
    echo "npm could not install pnpm and yarn from tests/clients" >&2
    exit 1
fi
