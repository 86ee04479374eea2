"""`subak run`: a command with its package managers pointed here, and a gateway for as long as it is needed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any
from urllib.parse import urlsplit

from subak.adoption.asking import Who, ask_json, probe, upstreams_at
from subak.adoption.clientfolder import write
from subak.adoption.lease import PAUSE, Lease
from subak.adoption.settings import (
    Settings,
    check_url,
    folder_for,
    is_loopback,
    left_out,
    needing_upstream,
    program,
    settings_for,
    without,
)
from subak.adoption.words import counted, size
from subak.ecosystems import ALL
from subak.ecosystems.base import Ecosystem
from subak.errors import SubakError, UpstreamDown
from subak.store.folder import Folder

NOT_FOUND = 127
"""The exit code by which shells say that there is no such command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What to run, and with which gateway."""

    command: Sequence[str]
    url: str
    """The gateway that is used, or started if none answers there."""
    environ: Mapping[str, str]
    folder: Path
    """The data folder: leases and the log of a started gateway are kept there."""
    serve: Sequence[str]
    """The command that starts a gateway; `--host` and `--port` are appended."""
    now: Callable[[], float]
    """Unix time."""
    say: Callable[[str], None]
    """Tell the person something, one line."""
    ecosystems: Sequence[Ecosystem] = ALL
    ready_within: float = 30.0
    """Seconds a started gateway may take to answer."""
    grace: float = 75.0
    """Seconds a stopping gateway may take to finish transfers."""


class Stopped(Exception):
    """A signal told us to stop before or after the command ran."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def run(errand: Errand) -> int:
    """Run the command; its exit code, or minus the number of the signal that ended it (as subprocess does).

    Raises UpstreamDown when there is no gateway and none can be started, StoreFailed when the data folder cannot be
    written, ConfigError for an unusable URL.
    """
    if not shutil.which(errand.command[0], path=errand.environ.get("PATH", os.defpath)):
        errand.say(f"{errand.command[0]}: command not found")
        return NOT_FOUND
    with Signals() as signals:
        try:
            with _gateway(errand) as url:
                found = _point(errand, url)
                started = errand.now()
                code = signals.run(errand.command, dict(errand.environ) | dict(found.environ))
                _tell(errand, url, errand.now() - started)
        except Stopped as stopped:
            return -stopped.number
    return code


def _point(errand: Errand, url: str) -> Settings:
    """The settings for the command, their files written. Raises StoreFailed, UpstreamDown."""
    upstreams = upstreams_at(url) if needing_upstream((), errand.ecosystems) else {}
    found = settings_for(
        (), url, environ=errand.environ, ecosystems=errand.ecosystems,
        folder=folder_for(errand.folder, url), upstreams=upstreams,
    )  # fmt: skip
    asked = Path(errand.command[0]).name
    for remark in left_out(found, lambda client: asked in (client.name, program(client))):
        errand.say(remark)
    write(found, errand.environ)
    return found


# ---------------------------------------------------------------- the gateway


@contextmanager
def _gateway(errand: Errand) -> Iterator[str]:
    """The URL of a gateway that answers; one we had to start is stopped when its last user is done."""
    url = check_url(errand.url)
    parts = urlsplit(url)
    if not is_loopback(parts.hostname or ""):
        if probe(url).who is not Who.SUBAK:
            fix = "Start one there with `subak serve`, or leave --url out."
            raise UpstreamDown(f"no gateway answers at {url}", fix=fix)
        yield url
        return
    lease = Lease(errand.folder)
    with ExitStack() as until_done:
        with lease.deciding():
            url = _decide(errand, lease, url)
            until_done.enter_context(lease.using(errand.grace))
        yield url


def _decide(errand: Errand, lease: Lease, url: str) -> str:
    """The URL of a gateway that answers: at `url`, or the one this data folder has elsewhere, or a new one."""
    who = probe(url).who
    if who is Who.SUBAK:
        return url
    elsewhere = Folder(errand.folder).occupant().url
    if elsewhere and probe(elsewhere).who is Who.SUBAK:
        errand.say(f"using the gateway at {elsewhere}")
        return elsewhere
    if who is Who.OTHER:
        parts, taken = urlsplit(url), url
        url = f"{parts.scheme}://{parts.netloc.removesuffix(f':{parts.port}')}:{_free_port(parts.hostname or '')}"
        errand.say(f"something else listens at {taken}; using {url}")
    _start(errand, lease, url)
    return url


def _start(errand: Errand, lease: Lease, url: str) -> None:
    """Start a gateway in a session of its own (Ctrl-C is for the command) and wait until it answers."""
    lock, parts = lease.gateway_lock(), urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    with lease.log().open("wb") as log:
        child = subprocess.Popen(
            [*errand.serve, "--host", parts.hostname or "", "--port", str(port)],
            env=environ_of_gateway(errand, url), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True, pass_fds=(lock.fileno(),),
        )  # fmt: skip
    try:
        lease.started(lock, child.pid)
        until = errand.now() + errand.ready_within
        while probe(url).who is not Who.SUBAK:
            if errand.now() > until:
                raise UpstreamDown(
                    f"the gateway did not answer within {errand.ready_within:.0f} s", fix=f"See {lease.log()}."
                )
            try:
                child.wait(PAUSE)
            except subprocess.TimeoutExpired:
                continue
            words = lease.log().read_text("utf-8", "replace").strip() or f"exit code {child.returncode}"
            raise UpstreamDown(
                f"the gateway did not start: {words[-2000:]}", fix="Try `subak serve` and `subak doctor`."
            )
    except BaseException:
        child.kill()
        child.wait()
        raise


def environ_of_gateway(errand: Errand, url: str) -> dict[str, str]:
    """The environment for a gateway we start: ours, without the settings that point clients at it.

    A person who typed `eval "$(subak env)"` before must not make the gateway its own upstream. Settings that name
    somebody else stay: they are how the gateway finds its upstreams.
    """
    found = dict(errand.environ)
    anywhere = {e.name: "https://upstream.invalid" for e in errand.ecosystems}  # so that nobody is skipped
    for target in (errand.url, url):
        ours = settings_for(
            (), target, ecosystems=errand.ecosystems, folder=folder_for(errand.folder, target), upstreams=anywhere
        )
        found = without(ours, found)
    return found


def _free_port(host: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.bind((host, 0))
        return int(listener.getsockname()[1])


# ---------------------------------------------------------------- what was spared


def _tell(errand: Errand, url: str, seconds: float) -> None:
    """One line on what the copies spared; silent when the gateway does not say so quickly."""
    try:
        # A second more than it took: `since` may be read as whole seconds.
        text = spared(ask_json(url, f"/-/api/v1/stats?since={int(seconds) + 1}", within=1.0))
    except SubakError:
        return
    if text:
        errand.say(text)


def spared(summary: Any) -> str:
    """The line for a summary as the API gives it; '' when no registry traffic took place or it is no summary."""
    overall = summary.get("overall") if isinstance(summary, dict) else None
    figures = overall if isinstance(overall, dict) else {}
    requests, avoided, saved = (figures.get(k) for k in ("requests", "outside_requests_avoided", "bytes_spared"))
    if not (isinstance(requests, int) and isinstance(avoided, int) and isinstance(saved, int)) or not requests:
        return ""
    return f"{avoided} of {counted(requests, 'request')} needed no registry, {size(saved)} came from copies"


# ---------------------------------------------------------------- signals


class Signals:
    """Hands our signals to the command while it runs; before and after, they end us by `Stopped`."""

    FORWARDED = tuple(
        getattr(signal, name)
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
        if hasattr(signal, name)
    )

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._starting = False
        self._waiting: list[int] = []
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        for number in self.FORWARDED:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup stays nohup
                self._before[number] = signal.signal(number, self._arrived)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def run(self, command: Sequence[str], environ: Mapping[str, str]) -> int:
        """Run a command to its end; its code as subprocess gives it. 126 when the system cannot execute it."""
        self._starting = True
        sys.stdout.flush()
        try:
            self._child = subprocess.Popen(list(command), env=dict(environ))
        except OSError as error:
            print(f"{command[0]}: {error.strerror}", file=sys.stderr)
            return NOT_FOUND - 1
        finally:
            self._starting = False
        for number in self._waiting:
            self._child.send_signal(number)
        try:
            return self._child.wait()
        finally:
            self._child = None

    def _arrived(self, number: int, frame: FrameType | None) -> None:
        if self._starting:
            self._waiting.append(number)
        elif self._child is None:
            raise Stopped(number)
        elif number in (signal.SIGINT, signal.SIGQUIT) and _typed():
            pass  # the terminal has sent it to the command as well; two would mean "at once" to many tools
        else:
            self._child.send_signal(number)


def _typed() -> bool:
    """Did this SIGINT come from the keyboard? Assumed when we are the terminal's foreground group."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False
