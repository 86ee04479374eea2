"""Where things lie, and the one temporary folder of a run."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "bench"
VERDACCIO = CACHE / "verdaccio" / "node_modules" / ".bin" / "verdaccio"
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx") or ""


class Ground:
    """A temporary folder, gone at the end."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="subak-bench-"))
        self._number = 0

    def folder(self, name: str) -> Path:
        """A new empty folder."""
        self._number += 1
        made = self.root / f"{name}-{self._number}"
        made.mkdir(parents=True)
        return made

    def __enter__(self) -> Ground:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def installed(program: str) -> str:
    """Where a program is; '' if it is nowhere. tests/clients/prepare.sh puts some below .cache."""
    beside = (ROOT / ".cache" / "clients" / "bin", ROOT / ".cache" / "clients" / "node_modules" / ".bin")
    return shutil.which(program, path=os.pathsep.join([os.environ.get("PATH", os.defpath), *map(str, beside)])) or ""
