"""Other caches as servers: proxpi, devpi-server and verdaccio, each pointed at the local upstream."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import urllib.request
from pathlib import Path

from bench.places import CACHE, VERDACCIO, free_port
from bench.processes import Server, Unavailable

PYTHON = CACHE / "venv" / "bin"


class Proxpi(Server):
    """proxpi under gunicorn, one worker with threads, as its documentation runs it."""

    pages = "/index"

    def __init__(self, folder: Path, origin: str, *, processor: int) -> None:
        port = free_port()
        copies = folder / "copies"
        copies.mkdir()
        environ = {
            **os.environ,
            "PROXPI_INDEX_URL": f"{origin}/simple/",
            "PROXPI_INDEX_TTL": "3600",
            "PROXPI_CACHE_DIR": str(copies),
        }
        command = [str(PYTHON / "gunicorn"), "--bind", f"127.0.0.1:{port}", "--threads", "8", "proxpi.server:app"]
        super().__init__(
            "proxpi", command, f"http://127.0.0.1:{port}", folder=folder, ready="/", processor=processor,
            environ=environ,
        )  # fmt: skip


class Devpi(Server):
    """devpi-server with its mirror index root/pypi pointed at the upstream."""

    pages = "/root/pypi/+simple"

    def __init__(self, folder: Path, origin: str, *, processor: int) -> None:
        port = free_port()
        self._origin = origin
        self._data = folder / "devpi"
        command = [str(PYTHON / "devpi-server"), "--serverdir", str(self._data), "--port", str(port)]
        command += ["--mirror-cache-expiry", "3600"]
        super().__init__(
            "devpi-server", command, f"http://127.0.0.1:{port}", folder=folder, ready="/+api", processor=processor
        )

    def start(self) -> float:
        """Make its data folder, start, and set the mirror's URL through its JSON API."""
        make = PYTHON / "devpi-init"
        if not make.exists():
            raise Unavailable("devpi-server is not installed")
        said = subprocess.run(
            [str(make), "--serverdir", str(self._data), "--root-passwd", "bench"], capture_output=True, text=True
        )
        if said.returncode:
            raise Unavailable(f"devpi-init fails: {said.stderr.strip()[-300:]}")
        took = super().start()
        token = self._say("POST", "/+login", {"user": "root", "password": "bench"}, "")["result"]["password"]
        self._say("PATCH", "/root/pypi", [f"mirror_url={self._origin}/simple/", "volatile=False"], token)
        return took

    def _say(self, method: str, path: str, body: object, token: str) -> dict[str, dict[str, str]]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            headers["X-Devpi-Auth"] = base64.b64encode(f"root:{token}".encode()).decode()
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                said: dict[str, dict[str, str]] = json.load(answer)
                return said
        except OSError as error:
            raise Unavailable(f"devpi-server does not take {method} {path}: {error}") from error


class Verdaccio(Server):
    """verdaccio with one uplink and a log line for each request."""

    def __init__(self, folder: Path, origin: str, *, processor: int) -> None:
        port = free_port()
        settings = folder / "config.yaml"
        settings.write_text(
            f"storage: {folder}/storage\nauth: {{ htpasswd: {{ file: {folder}/htpasswd }} }}\n"
            f"uplinks: {{ local: {{ url: '{origin}/npm/', maxage: 60m }} }}\n"
            "packages: { '**': { access: $all, proxy: local } }\n"
            "web: { enable: false }\n"
            f"log: {{ type: file, path: {folder}/requests.log, format: json, level: http }}\n"
        )
        command = [str(VERDACCIO), "--config", str(settings), "--listen", f"127.0.0.1:{port}"]
        super().__init__(
            "verdaccio", command, f"http://127.0.0.1:{port}", folder=folder, ready="/-/ping", processor=processor
        )
