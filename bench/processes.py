"""Servers as processes of their own: started on a processor, measured from /proc, stopped with all their children."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from bench.asking import ask

TICKS = os.sysconf("SC_CLK_TCK")


class Unavailable(Exception):
    """Something that a row needs cannot be had; the row says so instead of failing."""


class Server:
    """One server with all its processes. `with server:` starts it and waits for the first answer of `ready`."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        url: str,
        *,
        folder: Path,
        ready: str = "/",
        environ: Mapping[str, str] | None = None,
        processor: int | None = None,
        within: float = 60.0,
    ) -> None:
        """`ready` is a path that any answer below 500 of means that it is up; `processor` pins it there."""
        self.name = name
        self.url = url
        self._command = [*command]
        self._folder = folder
        self._ready = ready
        self._environ = dict(os.environ if environ is None else environ)
        self._processor = processor
        self._within = within
        self._process: subprocess.Popen[bytes] | None = None
        self._members: list[int] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> float:
        """Start; seconds from exec to the first answer. Raises Unavailable with the end of its log."""
        if not shutil.which(self._command[0]):
            raise Unavailable(f"{self.name}: {Path(self._command[0]).name} is not installed")
        pin = ["taskset", "-c", str(self._processor)] if self._processor is not None else []
        began = time.perf_counter()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*pin, *self._command], stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self._environ,
                cwd=self._folder, start_new_session=True,
            )  # fmt: skip
        while time.perf_counter() - began < self._within:
            with contextlib.suppress(OSError, ValueError):
                if ask(self.url + self._ready, within=5).status < 500:
                    took = time.perf_counter() - began
                    self._members = _family(self._process.pid)
                    return took
            if self._process.poll() is not None:
                break
            time.sleep(0.003)
        said = self.log.read_text("utf-8", "replace")[-800:].strip()
        self.stop()
        raise Unavailable(f"{self.name} does not start: {said}")

    def stop(self) -> None:
        """End it and everything that it started."""
        process, self._process = self._process, None
        if process is None:
            return
        family = _family(process.pid)
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        for pid in [process.pid, *family]:
            if _group(pid) == process.pid:  # a number that was given away again is not ours to end
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        process.wait()

    @property
    def log(self) -> Path:
        return self._folder / f"{self.name}.log"

    def cpu(self) -> float:
        """Seconds of processor time so far, of all processes that it had when it first answered."""
        return sum(_times(pid)[0] for pid in self._members)

    def cpu_of_ended(self) -> float:
        """Seconds that helpers used which it started later and which have ended, such as compactions: they are not
        in `cpu`, or the readings of one row would be charged to another."""
        return sum(_times(pid)[1] for pid in self._members)

    def settle(self, within: float = 120.0) -> None:
        """Wait until its helpers have ended."""
        assert self._process is not None
        deadline = time.perf_counter() + within
        while set(_family(self._process.pid)) - set(self._members) and time.perf_counter() < deadline:
            time.sleep(0.2)

    def memory(self, field: str = "VmRSS") -> int:
        """Resident bytes of the processes that `cpu` counts; with VmHWM the most they ever had."""
        total = 0
        for pid in self._members:
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                    if line.startswith(f"{field}:"):
                        total += int(line.split()[1]) * 1024
        return total


def _family(root: int) -> list[int]:
    """The process and all its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                children.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def _stat(pid: int) -> list[str]:
    """proc(5): the fields of /proc/PID/stat from the state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _times(pid: int) -> tuple[float, float]:
    """Seconds of processor time: its own, and that of its children that it has waited for."""
    try:
        fields = _stat(pid)
    except OSError:
        return 0.0, 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS, (int(fields[13]) + int(fields[14])) / TICKS


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return -1
