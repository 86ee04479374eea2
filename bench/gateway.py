"""Subak as a server to be measured: default settings, but an allowance never used up and documents fresh for long."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from bench.asking import ask
from bench.places import ROOT, free_port
from bench.processes import Server, Unavailable

ALLOWANCE = 10**12
"""Requests a minute, and at once: the limiter works, and never refuses."""


def environment(home: Path, **more: str) -> dict[str, str]:
    """This process's environment without settings of Subak, with a home of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SUBAK_")}
    path = os.pathsep.join(filter(None, [str(ROOT / "src"), kept.get("PYTHONPATH", "")]))
    return {**kept, "HOME": str(home), "PYTHONPATH": path, **more}


class Subak(Server):
    """`python -m subak serve`. `upstreams` are URLs by ecosystem; without them the gateway discovers its own."""

    def __init__(
        self,
        folder: Path,
        upstreams: Mapping[str, str] | None = None,
        *,
        processor: int | None = None,
        workers: int = 1,
        counted: Path | None = None,
        home: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`counted` is a file that gets one line for each request that the gateway sends outside."""
        self.data = folder / "data"
        port = free_port()
        program = ["-m", "subak"] if counted is None else [str(Path(__file__).with_name("counted.py")), str(counted)]
        command = [sys.executable, *program, "serve", "--port", str(port), "--data", str(self.data)]
        command += ["--workers", str(workers)] if workers > 1 else []
        environ = {
            "SUBAK_ACCESS_REQUESTS_PER_MINUTE": str(ALLOWANCE),
            "SUBAK_ACCESS_BURST": str(ALLOWANCE),
            "SUBAK_CACHE_FRESH": "1h",
            **{f"SUBAK_UPSTREAM_{name.upper()}": url for name, url in (upstreams or {}).items()},
            **(settings or {}),
        }
        super().__init__(
            "subak", command, f"http://127.0.0.1:{port}", folder=folder, ready="/-/health", processor=processor,
            environ=environment(home or folder, **environ),
        )  # fmt: skip

    def key(self, consumer: str) -> str:
        """The token of a new key. Raises Unavailable."""
        command = [sys.executable, "-m", "subak", "keys", "create", consumer, "--data", str(self.data), "--json"]
        said = subprocess.run(command, capture_output=True, text=True, env=self._environ, cwd=self._folder)
        if said.returncode:
            raise Unavailable(f"no key could be made: {said.stderr.strip()[-300:]}")
        return str(json.loads(said.stdout)["token"])

    def page(self, project: str, *, mount: str = "/pypi") -> dict[str, str]:
        """A project's page: file name to path on this gateway. Raises Unavailable."""
        asked = f"{mount}/simple/{project}/"
        answer = ask(self.url + asked, {"accept": "application/vnd.pypi.simple.v1+json"})
        if answer.status != 200:
            raise Unavailable(f"Subak answers {answer.status} for {asked}: {answer.body[:300]!r}")
        found: dict[str, Any] = json.loads(answer.body)
        return {file["filename"]: _path(asked, file["url"]) for file in found["files"]}

    def asked(self, ecosystems: str = "pypi|npm") -> int:
        """Requests that clients made of these registries so far, as the gateway's own metrics count them."""
        deadline = time.monotonic() + 5
        before = -1
        while time.monotonic() < deadline:
            said = ask(f"{self.url}/-/metrics").body.decode()
            row = rf'^subak_requests_total\{{ecosystem="(?:{ecosystems})".*\}} ([0-9.e+]+)$'
            found = re.findall(row, said, re.MULTILINE)
            now = int(sum(map(float, found)))
            if now == before and now:
                return now
            before = now
            time.sleep(0.7)  # totals reach the disk twice a second
        return before

    def files_fetched(self, ecosystem: str) -> int:
        """Files of packages that were asked of upstream so far, as the gateway's own readings tell. Raises
        Unavailable."""
        time.sleep(0.7)  # readings reach the disk twice a second
        answer = ask(f"{self.url}/-/api/v1/stats?by=ecosystem,kind&show=misses")
        if answer.status != 200:
            raise Unavailable(f"Subak answers {answer.status} for its statistics: {answer.body[:300]!r}")
        table: dict[str, Any] = json.loads(answer.body)
        rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
        return sum(
            row["misses"] for row in rows if row["ecosystem"] == ecosystem and row["kind"] in ("artifact", "metadata")
        )


def upstreams(origin: str) -> dict[str, str]:
    """Both ecosystems at one local upstream."""
    return {"pypi": f"{origin}/simple/", "npm": f"{origin}/npm/"}


def _path(page: str, url: str) -> str:
    return urlsplit(urljoin(page, url)).path
