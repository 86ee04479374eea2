"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.places import CACHE, NGINX, VERDACCIO, installed


def machine() -> dict[str, str]:
    """Name and value of everything that a reader needs to judge the figures."""
    versions = {name: version(name) for name in ("uvicorn", "uvloop", "httptools", "aiohttp", "duckdb")}
    return {
        "processor": f"{os.cpu_count()} × {_processor()}",
        "memory": _memory(),
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        **versions,
        "nginx": _asked([NGINX, "-v"]),
        "wrk": _asked(["wrk", "-v"]),
        "goaccess": _asked(["goaccess", "--version"]),
        "proxpi": _installed("proxpi"),
        "gunicorn": _installed("gunicorn"),
        "devpi-server": _installed("devpi-server"),
        "verdaccio": _asked([str(VERDACCIO), "--version"]),
        "pip": version("pip"),
        "uv": _asked(["uv", "--version"]),
        "npm": _asked(["npm", "--version"]),
        "node": _asked(["node", "--version"]),
        "mvn": _asked(["mvn", "--version"]),
        "cargo": _asked(["cargo", "--version"]),
        "go": _asked(["go", "version"]),
        "apt-get": _asked(["apt-get", "--version"]),
        "bundle": _asked(["bundle", "--version"]),
        "composer": _asked(["composer", "--version"], {**os.environ, "COMPOSER_ALLOW_SUPERUSER": "1"}),
        "skopeo": _asked(["skopeo", "--version"]),
        "ovsx": _asked([installed("ovsx"), "--version"]),
        "py-rattler": _own("py-rattler"),
        "huggingface_hub": _own("huggingface_hub"),
        "cpanm": _asked(["cpanm", "--version"]),
    }


def load_average() -> float:
    """Runnable processes over the last minute: above half a processor the figures are noisy."""
    return os.getloadavg()[0]


def _processor() -> str:
    found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _memory() -> str:
    found = re.search(r"^MemTotal:\s*(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
    return f"{int(found[1]) / 2**20:.0f} GiB" if found else "unknown"


def _asked(command: Sequence[str], environ: Mapping[str, str] | None = None) -> str:
    """The version that a program says it has, 'absent' if there is no such program."""
    if not command[0] or not shutil.which(command[0]):
        return "absent"
    said = subprocess.run(command, capture_output=True, text=True, env=environ)
    found = re.search(r"\d+\.\d+(\.\d+)?", said.stdout + said.stderr)
    return found[0] if found else "unknown"


def _own(package: str) -> str:
    """Of a Python package beside us."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _installed(package: str) -> str:
    found = sorted(CACHE.glob(f"venv/lib/*/site-packages/{package.replace('-', '_')}-*.dist-info"))
    return found[0].name.removesuffix(".dist-info").rpartition("-")[2] if found else "absent"
