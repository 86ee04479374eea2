#!/usr/bin/env bash
# Installs the package managers that the end-to-end tests run: into .cache/clients, and from Debian where it may.
# npm comes with Node.js.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=$here/../../.cache/clients
# from_debian PROGRAM PACKAGE...: unless the program is there; only where this may install, as root on Debian.
from_debian() {
    local program=$1
    shift
    if command -v "$program" >/dev/null; then return 0; fi
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        mkdir -p "$target"
        if [ -z "${updated:-}" ] && apt-get -q update >>"$target/apt.log" 2>&1; then updated=yes; fi
        if DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 install -y --no-install-recommends \
            "$@" >>"$target/apt.log" 2>&1; then return 0; fi
    fi
    echo "NO $program HERE: the tests with it cannot run. Install $* (${target#"$here/../../"}/apt.log may say why not)." >&2
}

from_debian gpg gnupg # signs the archive that apt's tests install from
from_debian fish fish # reads what `subak env --shell fish` prints; the test of it needs the real one
from_debian bundle ruby ruby-bundler
from_debian mvn maven
from_debian cargo cargo # which brings the C compiler that it links with; rustup's is as good
from_debian gradle gradle
from_debian composer composer php-cli php-curl php-zip unzip
from_debian go golang-go
from_debian skopeo skopeo
from_debian docker-registry docker-registry # the reference registry, which skopeo pushes to and we stand in front of
from_debian cpanm cpanminus make
from_debian carton carton make
crane=github.com/google/go-containerregistry/cmd/crane@v0.20.2
if [ ! -x "$target/bin/crane" ] && command -v go >/dev/null; then
    mkdir -p "$target/bin"
    GOBIN=$(cd "$target/bin" && pwd) go install "$crane" >"$target/crane.log" 2>&1 || cat "$target/crane.log" >&2
fi
[ -x "$target/bin/crane" ] || echo "NO crane HERE: the test with it cannot run. Install Go 1.21 or later." >&2

if ! command -v npm >/dev/null; then
    echo "NO Node.js HERE: the tests with npm, pnpm and yarn cannot run. Install Node.js 20 or later." >&2
    [ "${CI:-}" = true ] && exit 1
    exit 0
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
