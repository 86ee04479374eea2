"""A gateway in a thread of this process, with its door in reach, and a client that knows every byte it sends."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import urljoin, urlsplit

import uvicorn

from subak import app
from subak.access.consumers import hash_token
from subak.config import Config, load
from subak.gateway.door import Door
from subak.gateway.house import Hot, House
from subak.gateway.worker import Settings, Worker
from subak.model.reading import Reading, parse
from subak.ports import Key
from subak.sources.client import Registry
from subak.store.database import Database
from subak.store.folder import open_folder
from subak.store.keys import Keys

QUICK = {
    "cache__reserve": 0,
    "readings__flush": 0.02,
    "server__shutdown_grace": 10.0,
}


_marks = itertools.count()


class Counting(Door):
    """The door, with a count of what it answered itself."""

    answered: ClassVar[int] = 0

    def _give(self, hot: Hot, *rest: Any, **more: Any) -> bool:
        given = super()._give(hot, *rest, **more)
        Counting.answered += given
        return given


class Here:
    """`with Here(folder, upstreams) as here:` serves on a free port until the block ends. One at a time."""

    def __init__(self, data: Path, upstreams: Mapping[str, str], **settings: Any) -> None:
        self.config: Config = load(environ={}, server__port=0, cache__data=str(data), **{**QUICK, **settings})
        self.upstreams = upstreams
        self.keys: Keys
        self._readings: list[Reading] = []
        self._read: dict[Path, int] = {}
        self._given = 0

    def __enter__(self) -> Self:
        folder = open_folder(self.config.folder)
        self.keys = Keys(Database(folder.database))
        registries = {name: Registry(url) for name, url in self.upstreams.items()}
        worker = Worker(
            Settings(
                self.config, registries, "0123456789ab", b"s" * 32, app.now, app.monotonic,
                lambda config: None, lambda base: (b"<h1>", "default-src 'none'"), app.now(),
            )
        )  # fmt: skip
        settings = app.uvicorn_settings(self.config, worker)
        settings.http = Counting
        self.server = uvicorn.Server(settings)
        listening = app._listen(self.config)
        self.port: int = listening.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self.server.run, args=([listening],))
        self._thread.start()
        eventually(lambda: self.server.started)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Gracefully."""
        self.server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive()

    @property
    def house(self) -> House:
        return Door.house

    def key(self, id: str) -> str:
        """A new key, noticed by the gateway; its token."""
        token, era = f"sbk_{id}", self.house.era
        self.keys.keep_key(Key(id, hash_token(token), id))
        eventually(lambda: self.house.era > era)
        return token

    # ---- asking

    def connect(self, context: ssl.SSLContext | None = None, *, host: str = "", receive: int = 0) -> Line:
        """A connection with a receive buffer of so many bytes; over TLS with a context and the `host` it expects."""
        sock = socket.socket()
        if receive:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        sock.settimeout(20)
        sock.connect(("127.0.0.1", self.port))
        return Line(context.wrap_socket(sock, server_hostname=host) if context else sock)

    def raw(self, path: str, headers: Mapping[str, str] | Sequence[tuple[str, str]] = (), **more: Any) -> bytes:
        """One request on the wire; Host unless given."""
        return raw(path, self.host, headers, **more)

    def ask(self, path: str, headers: Mapping[str, str] | Sequence[tuple[str, str]] = (), **more: Any) -> Told:
        """One request on a connection of its own."""
        with self.connect() as line:
            line.send(self.raw(path, headers, **more))
            return line.read(bare=more.get("method") == "HEAD")

    def warm(self, path: str, headers: Mapping[str, str] | Sequence[tuple[str, str]] = ()) -> Told:
        """Ask until the door knows; the answer it gives."""
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            before = Counting.answered
            told = self.ask(path, headers)
            assert told.status == 200, (told.status, told.body[:300])
            if Counting.answered > before:
                return told
            time.sleep(0.005)  # whoever comes before a new file is kept rides along on its transfer
        raise AssertionError(f"the door never learns {path}")

    def readings(self) -> list[Reading]:
        """Every reading that is on disk, oldest first."""
        for segment in sorted((self.config.folder / "readings" / "journal").glob("*.jsonl")):
            with segment.open("rb") as file:
                file.seek(self._read.get(segment, 0))
                lines = file.read().rpartition(b"\n")[0]
            if lines:
                self._read[segment] = self._read.get(segment, 0) + len(lines) + 1
                self._readings += [parse(line) for line in lines.split(b"\n")]
        return self._readings

    def next_readings(self, number: int) -> list[Reading]:
        """The next `number` readings that were not given out by this method yet."""
        eventually(lambda: len(self.readings()) >= self._given + number)
        found = self._readings[self._given : self._given + number]
        self._given += number
        return found

    def skip_readings(self) -> None:
        """Whatever was asked so far is of no interest."""
        mark = f"mark-{next(_marks)}"
        self.ask("/-/health", {"user-agent": f"curl/{mark}"})
        eventually(lambda: any(r.agent_version == mark for r in self.readings()))
        self._given = 1 + next(n for n, r in enumerate(self._readings) if r.agent_version == mark)


@dataclass(frozen=True, slots=True)
class Told:
    """One answer."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    complete: bool = True

    def __getitem__(self, name: str) -> str:
        return ", ".join(value for key, value in self.headers if key == name)

    def lasting(self) -> tuple[object, ...]:
        """What must not differ between two ways of answering."""
        kept = sorted((k, v) for k, v in self.headers if k not in ("date", "x-request-id"))
        body = self.body
        if self["content-type"].startswith("application/problem"):
            body = body.replace(self["x-request-id"].encode(), b"ID")
            kept = [(k, v) for k, v in kept if k != "content-length"]
        return (self.status, self.reason, kept, body, self.complete)


GONE = Told(0, "", (), b"", False)


class Line:
    """A connection that reads one answer after the other."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def _more(self) -> bool:
        try:
            piece = self.sock.recv(1 << 20)
        except (ConnectionError, ssl.SSLError):
            piece = b""
        self._rest += piece
        return bool(piece)

    def closed(self) -> bool:
        """Whether nothing but the end follows."""
        return not self._more()

    def read(self, *, bare: bool = False) -> Told:
        """The next answer, GONE if there is none."""
        while b"\r\n\r\n" not in self._rest:
            if not self._more():
                return GONE
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        version, status, reason = (first + " ").split(" ", 2)
        assert version == "HTTP/1.1"
        headers = tuple((n.lower(), v.strip()) for n, _, v in (line.partition(":") for line in lines))
        told = Told(int(status), reason.strip(), headers, b"")
        if status == "100":
            return told
        if bare or status == "304":
            return told
        if told["transfer-encoding"] == "chunked":
            return self._chunked(told)
        length = int(told["content-length"])
        pieces, missing = [self._rest[:length]], length - len(self._rest)
        self._rest = self._rest[length:]
        while missing > 0:
            if not self._more():
                return Told(told.status, told.reason, headers, b"".join(pieces), False)
            pieces.append(self._rest[:missing])
            missing, self._rest = missing - len(pieces[-1]), self._rest[missing:]
        return Told(told.status, told.reason, headers, b"".join(pieces))

    def _chunked(self, told: Told) -> Told:
        body = b""
        while True:
            while b"\r\n" not in self._rest:
                if not self._more():
                    return Told(told.status, told.reason, told.headers, body, False)
            size, _, self._rest = self._rest.partition(b"\r\n")
            wanted = int(size, 16)
            while len(self._rest) < wanted + 2:
                if not self._more():
                    return Told(told.status, told.reason, told.headers, body + self._rest, False)
            body, self._rest = body + self._rest[:wanted], self._rest[wanted + 2 :]
            if not wanted:
                return Told(told.status, told.reason, told.headers, body)


def raw(
    path: str,
    host: str,
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    *,
    method: str = "GET",
    version: str = "1.1",
    body: bytes = b"",
) -> bytes:
    """The bytes of one request."""
    fields = list(headers.items() if isinstance(headers, Mapping) else headers)
    if not any(name.lower() == "host" for name, _ in fields):
        fields.insert(0, ("host", host))
    lines = [f"{method} {path} HTTP/{version}", *(f"{name}: {value}" for name, value in fields if value is not None)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def basic(token: str) -> str:
    """An Authorization value that carries a token as the password."""
    return "Basic " + base64.b64encode(f"me:{token}".encode()).decode()


def eventually(true: Callable[[], object], within: float = 15.0) -> None:
    """Wait for something another thread does. Fails when it does not happen."""
    deadline = time.monotonic() + within
    while not true():
        assert time.monotonic() < deadline, f"did not happen within {within} s"
        time.sleep(0.01)


@contextlib.contextmanager
def descriptors() -> Iterator[None]:
    """Fails when more files or sockets are open afterwards, after a moment."""
    before = set(Path("/proc/self/fd").iterdir())
    yield
    eventually(lambda: len(set(Path("/proc/self/fd").iterdir())) <= len(before))


def file_path(page: str, body: bytes) -> str:
    """The path of the first file that a JSON page of the Python index at the path `page` announces."""
    url: str = json.loads(body)["files"][0]["url"]
    return urlsplit(urljoin(f"http://here.example{page}", url)).path
