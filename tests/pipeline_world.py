"""A small world for the pipeline: a toy ecosystem, an upstream that does as told, a client that remembers."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from fakes import FakeBlobs, FakeCatalogue, FakeLocks, FakePart, FakeRenderings
from pipeline_lab import LAB
from subak.ecosystems.base import Ecosystem, Form, Moved, Page, Route, Site, View
from subak.errors import NotFound, NoUpstream, StoreFailed, SubakError, UpstreamDown, UpstreamLied
from subak.model.digest import UNPINNED, Digest, Pin, digest
from subak.model.exchange import ADMITTED, Asked, Caller, Exchange, Kind, Origin, Subject, Verdict
from subak.model.reading import Reading, parse
from subak.pipeline.answer import Found, Held
from subak.pipeline.artifacts import Artifacts
from subak.pipeline.derived import Derived
from subak.pipeline.documents import Documents
from subak.pipeline.inquiry import Limits
from subak.pipeline.relay import Relay
from subak.pipeline.representation import Representations
from subak.pipeline.resolve import Sources
from subak.pipeline.run import BrokenOff, Gate, Request, run
from subak.ports import Fetch, Response

BASE = "https://registry.example/toy/"
FILES = "https://files.example/"
SMALL, LARGE = b"small file\n", bytes(range(256)) * 1200
"""Below and above what is answered only once verified."""


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def pinned(body: bytes, algorithm: str = "sha256") -> Digest:
    return digest(algorithm, hashlib.new(algorithm, body).hexdigest())


# ---------------------------------------------------------------- the ecosystem

INDEX = Route(
    "index", "/index/{name}/", Kind.INDEX, 300.0, "text/plain",
    (Form("plain", ("text/plain",), "text/plain; charset=utf-8"), Form("loud", ("text/loud",), "text/loud")),
)  # fmt: skip
SIDECAR = Route("sidecar", "/files/{path+}.meta", Kind.METADATA)
FILE = Route("file", "/files/{path+}", Kind.ARTIFACT, content_type="application/x-toy")
STATUS = Route("status", "/status/{name}", Kind.CONFIG, 60.0, "application/json")
SEARCH = Route("search", "/search", Kind.RELAY, methods=("GET", "HEAD", "POST"))
QUIET = Route("quiet", "/quiet", Kind.RELAY, methods=("GET", "HEAD", "POST"))


def _subject(route: Route, parameters: Mapping[str, str]) -> Subject | Moved:
    if "path" in parameters:
        path = parameters["path"] + (".meta" if route is SIDECAR else "")
        name, _, version = parameters["path"].partition("/")
        return Subject("toy", route.kind, route.name, f"files/{path}", name, version, purl=f"pkg:toy/{name}@{version}")
    name = parameters.get("name", "")
    if name != name.lower():
        return Moved(f"{route.name}/{name.lower()}/")
    key = f"{route.name}/{name}" + ("/" if route is INDEX else "")
    return Subject("toy", route.kind, route.name, key, name, purl=f"pkg:toy/{name}" if name else "")


def _pins(subject: Subject, page: Page) -> Iterator[Pin]:
    """'toy', then one line for each file: path, url, digest, size, separated by spaces."""
    lines = bytes(page.body).decode("utf-8", "replace").splitlines()
    if lines == ["unpublished"]:
        raise NotFound("unpublished")
    if subject.route == "index" and lines[:1] != ["toy"]:
        raise UpstreamLied("not a toy index")
    for line in lines[1:] if subject.route == "index" else []:
        path, url, hexed, size = line.split(" ")
        algorithm, _, value = hexed.partition(":")
        yield Pin(path, url, digest(algorithm, value) if value else UNPINNED, int(size), subject.name, "1.0")


def _render(subject: Subject, page: Page, view: View) -> Iterator[bytes]:
    text = bytes(page.body).decode()
    yield f"{view.form} {view.base}\n".encode()
    for line in text.splitlines():
        if not any(version in line for version in view.hidden):
            yield (line.upper() if view.form == "loud" else line).encode() + b"\n"


def _source(subject: Subject, site: Site) -> str:
    return site.base + subject.key


def _homes(subject: Subject, site: Site) -> tuple[Subject, ...]:
    return tuple(
        Subject("toy", Kind.INDEX, "index", f"index/{name}/", name, purl=f"pkg:toy/{name}")
        for name in (subject.name, f"{subject.name}-elsewhere")
    )


def _companion(subject: Subject) -> Subject | None:
    key = subject.key.removesuffix(".meta")
    return Subject("toy", Kind.ARTIFACT, "file", key, subject.name, subject.version, purl=subject.purl)


def _cut(subject: Subject, artifact: BinaryIO) -> bytes:
    return artifact.read(5)


TOY = Ecosystem(
    name="toy",
    title="The toy registry",
    routes=(INDEX, SIDECAR, FILE, STATUS, SEARCH, QUIET),
    subject=_subject,
    source=_source,
    pins=_pins,
    render=_render,
    homes=_homes,
    companion=_companion,
    cut=_cut,
    absent={"quiet": b"{}"},
    error_body=lambda message: {"error": message},
    notice_headers=("toy-notice",),
)


EVERY = {"toy": TOY, "lab": LAB}


def index(*lines: str) -> bytes:
    """An index document."""
    return "\n".join(("toy", *lines)).encode() + b"\n"


def announced(path: str, body: bytes | None, *, algorithm: str = "sha256", size: int = -1) -> str:
    """A line that announces a file: pinned to `body`, or not at all (None)."""
    return f"files/{path} {FILES}{path} {pinned(body, algorithm) if body is not None else ':'} {size}"


# ---------------------------------------------------------------- the upstream


@dataclass(slots=True)
class Answer:
    """What the upstream says to one question."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: bool = True
    """Whether the length is announced; a body without is chunked."""
    broken_after: int = -1
    """Break off after so many bytes of the body."""
    error: SubakError | None = None
    """Fail instead of answering."""
    ranges: bool = True
    held: asyncio.Event | None = None
    """Wait for this before the second half of the body."""
    piece: int = 10_000
    url: str = ""
    """Where it ended up after redirects."""


class FakeUpstream:
    """`ports.Upstream` from a table. A list of answers is used up one by one; the last one stays."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer | list[Answer]] = {}
        self.asked: list[Fetch] = []
        self.open = 0
        self.most_open = 0
        self.known = True
        self.said: dict[str, str] = {}

    def base(self, ecosystem: str) -> str:
        if not self.known:
            raise NoUpstream(f"no upstream is set for {ecosystem}")
        return BASE

    def further(self, ecosystem: str) -> Mapping[str, str]:
        return self.said

    def urls(self) -> list[str]:
        return [ask.url for ask in self.asked]

    @asynccontextmanager
    async def fetch(self, ask: Fetch) -> AsyncIterator[Response]:
        self.asked.append(ask)
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        try:
            await asyncio.sleep(0)
            yield self._response(ask)
        finally:
            self.open -= 1

    def _response(self, ask: Fetch) -> Response:
        answer = self.pages.get(ask.url, Answer(b"not here", 404))
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if answer.error:
            raise answer.error
        status, body, headers = answer.status, answer.body, dict(answer.headers)
        etag = headers.get("etag", "")
        if ask.grown and etag and ask.etag == etag:
            status, body = 304, b""
        elif ask.start and answer.ranges and status == 200 and (ask.grown or not ask.etag or ask.etag == etag):
            headers["content-range"] = f"bytes {ask.start}-{len(body) - 1}/{len(body)}"
            status, body = 206, body[ask.start :]
        elif etag and ask.etag == etag and not ask.start:
            status, body = 304, b""
        if not answer.length:
            headers["transfer-encoding"] = "chunked"
        sent = [0]
        chunks = self._chunks(answer, body, sent)
        length = len(body) if answer.length else -1
        if ask.method == "HEAD":
            body = b""
        return Response(status, headers, answer.url or ask.url, chunks, length, lambda: sent[0])

    async def _chunks(self, answer: Answer, body: bytes, sent: list[int]) -> AsyncIterator[bytes]:
        for start in range(0, len(body), answer.piece):
            if answer.held and start + answer.piece > len(body) // 2:
                await answer.held.wait()
            piece = body[start : start + answer.piece]
            if 0 <= answer.broken_after < start + len(piece):
                piece = piece[: answer.broken_after - start]
                if piece:
                    sent[0] += len(piece)
                    yield piece
                raise UpstreamDown("broke off")
            sent[0] += len(piece)
            yield piece
            await asyncio.sleep(0)


# ---------------------------------------------------------------- a disk that fills up


@dataclass
class FullPart(FakePart):
    """A part on a disk that takes `room` more bytes in all, then none."""

    def write(self, chunk: bytes) -> None:
        blobs = self.blobs
        assert isinstance(blobs, FullBlobs)
        blobs.takes -= len(chunk)
        if blobs.takes < 0:
            raise StoreFailed("writing a copy failed: no space left on device")
        super().write(chunk)

    def commit(self, sha256: str, *, durable: bool = True) -> None:
        blobs = self.blobs
        assert isinstance(blobs, FullBlobs)
        if blobs.refuses_commits:
            raise StoreFailed("keeping a copy failed: no space left on device")
        if blobs.size(sha256) == self.size:  # like the real one: somebody else was faster
            self.discard()
        else:
            super().commit(sha256, durable=durable)


class FullBlobs(FakeBlobs):
    """Blobs that promise room and then have none: the race that no check beforehand prevents."""

    def __init__(self, folder: Path, takes: int = 2**40) -> None:
        super().__init__(folder)
        self.takes = takes
        self.refuses_commits = False

    def part(self, name: str) -> FakePart:
        made = super().part(name)
        return FullPart(made.path, self)


# ---------------------------------------------------------------- the client


class FakeReply:
    """`serve.Reply` that remembers what a client would have seen."""

    def __init__(self, gone_after: int = -1) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.reason = ""
        self.body = b""
        self.ended = False
        self._gone_after = gone_after

    async def start(self, status: int, headers: list[tuple[str, str]], *, reason: str = "") -> None:
        assert not self.status, "one head only"
        names = [name for name, _ in headers]
        assert len(set(names)) == len(names), f"repeated headers: {names}"
        self.status, self.headers, self.reason = status, dict(headers), reason

    async def write(self, piece: bytes, *, more: bool) -> None:
        assert self.status, "the head comes first"
        assert not self.ended, "nothing comes after the end"
        self.body += piece
        self.ended = not more
        await asyncio.sleep(0)

    @property
    def gone(self) -> bool:
        return 0 <= self._gone_after <= len(self.body)

    @property
    def whole(self) -> bool:
        """Whether a client would take what it got for the complete answer."""
        promised = self.headers.get("content-length")
        if self.status in (204, 304) or (promised is not None and len(self.body) >= int(promised)):
            return True
        return self.ended and promised is None


@dataclass
class FakeMeter:
    """`ports.Meter` that keeps the lines."""

    lines: list[bytes] = field(default_factory=list)

    def note(self, line: bytes) -> None:
        self.lines.append(line)

    @property
    def readings(self) -> list[Reading]:
        return [parse(line) for line in self.lines]


@dataclass
class FakeGatekeeper:
    """`ports.Gatekeeper` that says what it was told to say."""

    caller: Caller = field(default_factory=lambda: Caller(consumer="addr:127.0.0.1"))
    verdict: Verdict = ADMITTED
    judged: Verdict = ADMITTED
    error: SubakError | None = None
    hides: frozenset[str] = frozenset()
    since: float = 0.0

    def classify(self, asked: Asked, subject: Subject) -> Caller:
        if self.error:
            raise self.error
        return self.caller

    def admit(self, subject: Subject, caller: Caller, now: float) -> Verdict:
        return self.verdict

    def judge(self, subject: Subject) -> Verdict:
        return self.judged

    def hidden(self, subject: Subject) -> frozenset[str]:
        return self.hides

    def withheld_since(self) -> float:
        return self.since

    def generation(self) -> int:
        return 0


# ---------------------------------------------------------------- all of it

LIMITS = Limits(largest=2**20, patience=5.0, behind=60.0, absent_for=60.0)


class World:
    """A gateway without a socket. `now` and `clock` move only when a test moves them."""

    def __init__(
        self,
        folder: Path,
        *,
        beside: World | None = None,
        limits: Limits = LIMITS,
        blobs: FakeBlobs | None = None,
        attempts: int = 3,
        ecosystems: Mapping[str, Ecosystem] | None = None,
    ) -> None:
        """With `beside` it is another process on that world's data folder and upstream."""
        every = ecosystems or EVERY
        self.now = 1_700_000_000.0
        self.clock = 50.0
        self.catalogue = beside.catalogue if beside else FakeCatalogue()
        self.blobs = beside.blobs if beside else (blobs or FakeBlobs(folder))
        self.renderings = FakeRenderings(folder / "renderings")
        self.locks = FakeLocks(beside.locks.taken) if beside else FakeLocks()
        self.upstream = beside.upstream if beside else FakeUpstream()
        self.gatekeeper = FakeGatekeeper()
        self.meter = FakeMeter()
        self.changed: list[tuple[str, str]] = []
        self.documents = Documents(
            self.catalogue, self.blobs, self.locks, self.upstream, limits, lambda: self.now,
            lambda ecosystem, key: self.changed.append((ecosystem, key)),
        )  # fmt: skip
        self.representations = Representations(self.blobs, self.catalogue, self.renderings, {})
        self.artifacts = Artifacts(
            self.catalogue, self.blobs, self.locks, self.upstream, self.documents, attempts=attempts,
            now=lambda: self.now,
        )  # fmt: skip
        self.derived = Derived(self.artifacts, self.catalogue, self.blobs, self.locks, lambda: self.now)
        self.sources = Sources(
            every, self.documents, self.representations, self.artifacts, self.derived,
            Relay(self.upstream, self.documents.site), self.gatekeeper, self.own,
        )  # fmt: skip
        self.gate = Gate(every, self.gatekeeper, self.sources, self.meter, lambda: self.clock, "abc123")
        self.request: Request | None = None

    async def own(self, asked: Asked) -> Found:
        if asked.path != "/":
            raise NotFound("no such page")
        return Found(Origin.OWN, Held(5, b"hello"), content_type="text/html")

    def publish(
        self, path: str, body: bytes = SMALL, *, algorithm: str = "sha256", pin: bytes = b"", size: int = -2, **how: Any
    ) -> Answer:
        """Put a file upstream and announce it in its project's index, replacing that index.

        `algorithm` '' announces no digest; `pin` are the bytes announced instead of `body`; `size` -1 announces none.
        """
        name = path.partition("/")[0]
        size = len(body) if size == -2 else size
        line = announced(path, pin or body if algorithm else None, algorithm=algorithm, size=size)
        page = index(line)
        self.upstream.pages[f"{BASE}index/{name}/"] = Answer(page, headers={"etag": f'"{sha256(page)}"'})
        answer = Answer(body, **how)
        self.upstream.pages[FILES + path] = answer
        return answer

    async def ask(
        self,
        path: str,
        method: str = "GET",
        *,
        body: bytes = b"",
        reply: FakeReply | None = None,
        query: str = "",
        base: str = "http://gateway.example",
        **headers: str,
    ) -> FakeReply:
        """One request through the whole sentence. `if_none_match="x"` is a header; a broken answer has not ended."""
        reply = reply or FakeReply()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        asked = Asked(method, path, query, named, "127.0.0.1", base, self.now)

        async def read() -> bytes:
            return body

        self.request = Request(asked, "id-1", read)
        try:
            self.exchange: Exchange = await run(self.request, self.gate, reply)
        except BrokenOff:
            assert not reply.ended, "a broken answer must not end cleanly"
        return reply

    @property
    def reading(self) -> Reading:
        """The latest."""
        return self.meter.readings[-1]

    def files_asked(self) -> list[str]:
        """What was fetched from the file host."""
        return [url.removeprefix(FILES) for url in self.upstream.urls() if url.startswith(FILES)]

    async def settled(self) -> None:
        """Wait until nothing runs; then nothing may lie about."""
        await until(lambda: not self.artifacts._flights and not self.locks.taken)
        assert self.parts() == []
        assert self.upstream.open == 0

    def parts(self) -> list[str]:
        """What lies about half done."""
        return sorted(p.name for p in (self.blobs.folder / "parts").iterdir())


async def until(condition: Callable[[], bool]) -> None:
    """Let other tasks run until the condition holds."""
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise TimeoutError("it never happened")


async def together(*coroutines: Awaitable[Any]) -> list[Any]:
    """Run them at the same time."""
    return list(await asyncio.gather(*coroutines))
