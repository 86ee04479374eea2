#!/usr/bin/env bash
# Installs what the benchmark measures against: nginx, wrk and goaccess from Debian, proxpi and devpi-server from the Python
# index, verdaccio from the npm registry; and the package managers whose installs are timed, as the tests have them. All
# but Debian's packages go below .cache. What cannot be had is said here and again, loudly, in the table; nothing of it
# fails the run.
#   bench/prepare.sh [PYTHON]
set -u
cd "$(dirname "$0")/.."
python=${1:-python3}
cache=$PWD/.cache/bench
mkdir -p "$cache"

missing() { echo "bench: COULD NOT INSTALL $1; its rows will say so" >&2; }

wanted=()
command -v wrk >/dev/null || wanted+=(wrk)
command -v goaccess >/dev/null || wanted+=(goaccess)
{ command -v nginx || [ -x /usr/sbin/nginx ]; } >/dev/null || wanted+=(nginx-light)
if [ ${#wanted[@]} -gt 0 ]; then
    as_root=()
    if [ "$(id -u)" != 0 ]; then
        as_root=(sudo -n)
    fi
    # Debian starts an nginx of its own after installing it: forbid that, the benchmark brings its own settings.
    {
        "${as_root[@]}" apt-get -q update &&
            "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
                apt-get -q install -y --no-install-recommends "${wanted[@]}"
    } >"$cache/apt.log" 2>&1 || missing "${wanted[*]} (see $cache/apt.log)"
fi

peers=$PWD/bench/peers
if ! cmp -s "$peers/requirements.txt" "$cache/venv/installed.txt"; then
    rm -rf "$cache/venv"
    "$python" -m venv "$cache/venv" &&
        "$cache/venv/bin/python" -m pip install -q --disable-pip-version-check -r "$peers/requirements.txt" &&
        cp "$peers/requirements.txt" "$cache/venv/installed.txt" || missing "proxpi, devpi-server"
fi

if ! command -v npm >/dev/null; then
    missing "verdaccio (there is no npm)"
elif ! cmp -s "$peers/package.json" "$cache/verdaccio/installed.json"; then
    rm -rf "$cache/verdaccio"
    mkdir -p "$cache/verdaccio"
    cp "$peers/package.json" "$cache/verdaccio/"
    (cd "$cache/verdaccio" && npm install --silent --no-audit --no-fund --ignore-scripts) &&
        cp "$peers/package.json" "$cache/verdaccio/installed.json" || missing verdaccio
fi

bash tests/clients/prepare.sh || missing "all package managers (tests/clients/prepare.sh says why)"
exit 0
