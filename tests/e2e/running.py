"""The real gateway as a process of its own, to be asked, killed and started again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from e2e.asking import Answer, ask
from subak.config import upstream_variable

ROOT = Path(__file__).resolve().parents[2]

IMPATIENT = {
    "upstream.connect_timeout": "2s",
    "upstream.first_byte_timeout": "1s",
    "upstream.idle_timeout": "1s",
    "upstream.attempts": "2",
    "upstream.cool_down": "200ms",
    "cache.patience": "1s",
    "cache.absent": "0s",
    "cache.reserve": "0",
    "cache.tidy_every": "1s",
}
"""Settings under which bad weather shows within a second."""


_CLIENTS = re.compile(r"(PIP|UV|NPM|PNPM|YARN|SUBAK|COREPACK|POETRY|PDM|VIRTUAL_ENV|NODE_OPTIONS)", re.IGNORECASE)
_CERTIFICATES = ("PIP_CERT", "NODE_EXTRA_CA_CERTS")


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without anything that configures Subak or a package client, certificates kept."""
    kept = {k: v for k, v in os.environ.items() if k in _CERTIFICATES or not _CLIENTS.match(k)}
    direct = ",".join(filter(None, [kept.get("NO_PROXY") or kept.get("no_proxy", ""), "127.0.0.1", "localhost"]))
    return {**kept, "NO_PROXY": direct, "no_proxy": direct, **more}


class Gateway:
    """`with Gateway(data, {...}) as gateway:` runs `python -m subak serve` on a free port until the block ends.

    `settings` are `section.field` = text. Upstreams are URLs by ecosystem; without them the gateway looks itself.
    """

    def __init__(
        self,
        data: Path,
        settings: Mapping[str, str] | None = None,
        upstreams: Mapping[str, str] | None = None,
        *,
        workers: int = 1,
        home: Path | None = None,
        log: Path | None = None,
        prefix: tuple[str, ...] = (),
    ) -> None:
        self.data = data
        self.settings = dict(settings or {})
        self.upstreams = dict(upstreams or {})
        self.workers = workers
        self.home = home
        self.prefix = prefix
        """A command that starts the command: fewer rights, another name space."""
        self.url = ""
        self.process: subprocess.Popen[bytes] | None = None
        self._logs = log or data.parent / f"{data.name}.log"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # ---- life

    def environment(self) -> dict[str, str]:
        """What the process sees."""
        source = str(ROOT / "src")
        environ = clean_environment() if self.upstreams else dict(os.environ)
        environ = {k: v for k, v in environ.items() if not k.startswith("SUBAK_")}
        environ |= {f"SUBAK_{name.replace('.', '_')}".upper(): value for name, value in self.settings.items()}
        environ |= {upstream_variable(name): url for name, url in self.upstreams.items()}
        environ["PYTHONPATH"] = os.pathsep.join(filter(None, [source, environ.get("PYTHONPATH", "")]))
        environ["PYTHONUNBUFFERED"] = "1"
        if self.home:
            environ["HOME"] = str(self.home)
        return environ

    def spawn(self) -> subprocess.Popen[bytes]:
        """Start the process and return at once. Whoever calls this waits for the process."""
        port = self.url.rpartition(":")[2] or "0"  # a second life keeps the address: lock files hold it
        command = [*self.prefix, sys.executable, "-m", "subak", "serve", "--port", port, "--data", str(self.data)]
        if self.workers > 1:
            command += ["--workers", str(self.workers)]
        with self._logs.open("ab") as log:
            return subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, env=self.environment(), cwd=self._logs.parent,
                start_new_session=True,
            )  # fmt: skip

    def start(self, within: float = 30.0) -> None:
        """Start and wait until it is ready. Raises RuntimeError with the log when it does not get there."""
        begin = self._logs.stat().st_size if self._logs.exists() else 0
        self.process = self.spawn()
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the gateway ended with {self.process.returncode}:\n{self.log()}")
            self.url = self._announced(begin)
            if self.url and self._ready():
                return
            time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"the gateway was not ready within {within} s:\n{self.log()}")

    def _announced(self, begin: int) -> str:
        found = re.search(r"listens on (https?://[^\s/]+)", self.log()[begin:])
        if found:
            return found[1]
        with contextlib.suppress(OSError, ValueError):
            lock = json.loads((self.data / "gateway.lock").read_text())
            if self.process and lock.get("pid") == self.process.pid:
                return str(lock["url"]).rstrip("/")
        return ""

    def _ready(self) -> bool:
        with contextlib.suppress(OSError):
            return ask(self.url, "/-/ready", within=2).status == 200
        return False

    def stop(self) -> int:
        """Ask it to end, and wait. The exit status."""
        return self._end(signal.SIGTERM)

    def kill9(self) -> None:
        """End it and its workers with SIGKILL."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> int:
        if self.process is None:
            return 0
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                if how is signal.SIGKILL:
                    os.killpg(self.process.pid, how)
                else:
                    self.process.send_signal(how)
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            raise RuntimeError(f"the gateway did not end within 20 s of {how.name}:\n{self.log()}") from None
        self.process = None
        return status

    def restart(self, **upstreams: str) -> None:
        """Stop and start again, perhaps with other upstreams."""
        self.stop()
        self.upstreams = {**self.upstreams, **upstreams}
        self.start()

    # ---- looking

    def ask(self, path: str, headers: Mapping[str, str] | None = None, **more: object) -> Answer:
        """One request on a fresh connection."""
        return ask(self.url, path, headers, **more)  # type: ignore[arg-type]  # keywords of `ask`

    def log(self) -> str:
        """Everything the process has printed, over all its lives."""
        return self._logs.read_text("utf-8", "replace") if self._logs.exists() else ""

    def complaints(self) -> list[str]:
        """The log lines that are meant for an operator: warnings and errors."""
        return [line for line in self.log().splitlines() if re.search(r" (WARNING|ERROR|CRITICAL) ", line)]

    def blobs(self) -> dict[str, bytes]:
        """Every complete blob by its sha256. Fails the test when a name is not the sha256 of its bytes."""
        found = {}
        folder = self.data / "blobs"
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            name = path.parent.name + path.name
            if path.is_file() and re.fullmatch(r"[0-9a-f]{64}", name):
                try:
                    body = path.read_bytes()
                except FileNotFoundError:
                    continue  # evicted since the folder was listed
                assert hashlib.sha256(body).hexdigest() == name, f"{path} does not hold what its name says"
                found[name] = body
        return found

    def leftovers(self) -> list[Path]:
        """Files in the data folder's parts that belong to no blob: unfinished transfers."""
        return list((self.data / "parts").glob("*.part"))


Start = Callable[..., Gateway]
"""The `start` fixture: `start(upstream, {"section.field": "text"}, workers=1, name="data")`, stopped after the test."""
