"""Bringing a file: what is asked, what is refused, what goes on after a break."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline_world import FILE, FILES, LARGE, TOY, Answer, FakeUpstream, FullBlobs, pinned, sha256
from subak.errors import Mismatch, NotFound, StoreFailed, SubakError, UpstreamDown, UpstreamLied
from subak.model.digest import UNPINNED, Digest, Pin
from subak.model.exchange import Kind, Subject
from subak.pipeline import transfer
from subak.pipeline.flight import Flight
from subak.pipeline.transfer import Order, Transfer
from subak.ports import Fetch, Part, Response

SUBJECT = Subject("toy", Kind.ARTIFACT, "file", "files/a/1/a.whl", "a", "1")
URL = FILES + "a/1/a.whl"
HALF = len(LARGE) // 2
TAGGED = {"etag": '"v1"'}


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between attempts."""
    monkeypatch.setattr(transfer, "PAUSE", 0.0)


class Bringing:
    """One transfer, set up and run."""

    def __init__(self, folder: Path, *answers: Answer, takes: int = 2**40) -> None:
        self.upstream = FakeUpstream()
        self.upstream.pages[URL] = list(answers)
        self.blobs = FullBlobs(folder, takes)
        self.flight = Flight("f" * 64, "toy a.whl")

    async def run(
        self,
        digest: Digest | None = None,
        *,
        size: int = -1,
        first_seen: Digest = UNPINNED,
        attempts: int = 3,
        subject: Subject = SUBJECT,
    ) -> Part:
        pin = Pin(subject.key, URL, pinned(LARGE) if digest is None else digest, size)
        return await Transfer(self.upstream, self.blobs, attempts).run(
            self.flight, Order(TOY, subject, FILE, pin, first_seen)
        )

    async def fails(self, kind: type[SubakError], said: str, digest: Digest | None = None, **how: object) -> None:
        with pytest.raises(kind, match=said):
            await self.run(digest, **how)  # type: ignore[arg-type]  # passed on
        assert not list((self.blobs.folder / "parts").iterdir()), "a failure leaves nothing behind"
        assert not self.flight.verified
        assert self.upstream.open == 0


async def test_a_file_arrives(tmp_path: Path) -> None:
    bringing = Bringing(tmp_path, Answer(LARGE, headers=TAGGED))
    part = await bringing.run(size=len(LARGE))
    assert part.path.read_bytes() == LARGE
    flight = bringing.flight
    assert (flight.length, flight.size, flight.fetched, flight.blob) == (len(LARGE),) * 3 + (sha256(LARGE),)
    assert flight.verified
    assert not flight.kept
    assert flight.proof.digest == pinned(LARGE)
    (ask,) = bringing.upstream.asked
    assert (ask.url, ask.start, ask.etag, ask.identity, ask.accept) == (URL, 0, "", True, "*/*")
    assert [p.suffix for p in (tmp_path / "parts").iterdir()] == [".part"]


async def test_other_processes_learn_the_length(tmp_path: Path) -> None:
    seen: list[object] = []

    class Watched(Flight):
        def begin(self, path: Path, length: int) -> None:
            seen.append(json.loads(path.with_suffix(".head").read_bytes()))
            super().begin(path, length)

    bringing = Bringing(tmp_path, Answer(LARGE))
    bringing.flight = Watched("f" * 64, "toy a.whl")
    await bringing.run()
    assert seen == [{"length": len(LARGE)}]


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha512"])
async def test_other_digests(tmp_path: Path, algorithm: str) -> None:
    bringing = Bringing(tmp_path, Answer(LARGE))
    await bringing.run(pinned(LARGE, algorithm))
    assert bringing.flight.proof.digest.algorithm == algorithm
    assert bringing.flight.blob == sha256(LARGE)


async def test_unpinned_is_taken_at_its_word_once(tmp_path: Path) -> None:
    bringing = Bringing(tmp_path, Answer(LARGE))
    await bringing.run(UNPINNED)
    assert bringing.flight.proof.first_seen
    assert bringing.flight.proof.digest == pinned(LARGE)
    again = Bringing(tmp_path, Answer(b"other" * 100))
    await again.fails(Mismatch, "the bytes first seen here", UNPINNED, first_seen=pinned(LARGE))


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (Answer(status=404), NotFound, "no longer has"),
        (Answer(status=410), NotFound, "no longer has"),
        (Answer(status=451), NotFound, "no longer has"),
        (Answer(status=401), UpstreamLied, "refuses .* with 401"),
        (Answer(status=403), UpstreamLied, "refuses .* with 403"),
        (Answer(status=204), UpstreamLied, "answered 204"),
        (Answer(status=416), UpstreamLied, "answered 416"),
        (Answer(LARGE, 206, {"content-range": "bytes 0-9/10"}), UpstreamLied, "the range 'bytes 0-9/10'"),
        (Answer(LARGE[:-1] + b"!"), Mismatch, "does not match the digest"),
        (Answer(LARGE + b"!"), Mismatch, "does not match the digest"),
        (Answer(b"<html>", headers={"content-type": "text/html"}), Mismatch, "does not match"),
        (Answer(error=UpstreamDown("cooling down")), UpstreamDown, "cooling down"),
        (Answer(error=UpstreamLied("redirected")), UpstreamLied, "redirected"),
    ],
)
async def test_what_cannot_be_the_file(tmp_path: Path, answer: Answer, kind: type[SubakError], said: str) -> None:
    await Bringing(tmp_path, answer).fails(kind, said)


async def test_a_web_page_instead_of_an_unpinned_file(tmp_path: Path) -> None:
    page = Answer(b"<html>sorry", headers={"content-type": "Text/HTML; charset=utf-8"})
    await Bringing(tmp_path, page).fails(UpstreamLied, "sent a web page", UNPINNED)
    await Bringing(tmp_path, page).run(pinned(b"<html>sorry"))
    guide = Subject("toy", Kind.ARTIFACT, "file", "files/a/1/guide.html", "a", "1")
    await Bringing(tmp_path / "other", page).run(UNPINNED, subject=guide)


# ---------------------------------------------------------------- sizes


async def test_another_size_than_announced(tmp_path: Path) -> None:
    await Bringing(tmp_path, Answer(LARGE)).fails(Mismatch, "its index announces 5", size=5)


@pytest.mark.parametrize("digest", [None, UNPINNED], ids=["pinned", "unpinned"])
async def test_a_longer_body_than_promised_never_reaches_followers(tmp_path: Path, digest: Digest | None) -> None:
    """Followers were promised `size` bytes: the first ones of a longer wrong body must not look like the whole."""
    bringing = Bringing(tmp_path, Answer(b"wrong" * 60_000, length=False))
    await bringing.fails(Mismatch, "more than 50000 bytes", digest, size=50_000)
    assert bringing.flight.size <= 50_000


@pytest.mark.parametrize("digest", [None, UNPINNED], ids=["pinned", "unpinned"])
async def test_a_shorter_body_than_promised(tmp_path: Path, digest: Digest | None) -> None:
    await Bringing(tmp_path, Answer(LARGE, length=False)).fails(Mismatch, "instead of", digest, size=len(LARGE) + 1)


async def test_neither_length_nor_digest(tmp_path: Path) -> None:
    class Silent(FakeUpstream):
        def _response(self, ask: Fetch) -> Response:
            response = super()._response(ask)
            response.headers = {}
            return response

    bringing = Bringing(tmp_path, Answer(LARGE, length=False))
    bringing.upstream = Silent()
    bringing.upstream.pages[URL] = Answer(LARGE, length=False)
    await bringing.fails(UpstreamLied, "completeness cannot be told", UNPINNED)
    chunked = Bringing(tmp_path, Answer(LARGE, length=False))
    await chunked.run(UNPINNED)
    assert chunked.flight.length == len(LARGE)


# ---------------------------------------------------------------- breaks


async def test_it_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    broken = Answer(LARGE, headers=TAGGED, broken_after=HALF // 2)
    bringing = Bringing(tmp_path, broken, broken, Answer(LARGE, headers=TAGGED))
    part = await bringing.run()
    assert part.path.read_bytes() == LARGE
    asked = bringing.upstream.asked
    assert [(a.start > 0, a.etag) for a in asked] == [(False, ""), (True, '"v1"'), (True, '"v1"')]
    assert bringing.flight.fetched == len(LARGE)


async def test_without_a_validator_it_goes_on_all_the_same(tmp_path: Path) -> None:
    """The digest tells in the end whether both halves belong together."""
    bringing = Bringing(tmp_path, Answer(LARGE, broken_after=HALF), Answer(LARGE))
    await bringing.run()
    assert [(a.start, a.etag) for a in bringing.upstream.asked] == [(0, ""), (HALF, "")]


async def test_an_upstream_without_ranges_begins_again(tmp_path: Path) -> None:
    bringing = Bringing(tmp_path, Answer(LARGE, broken_after=HALF), Answer(LARGE, ranges=False))
    part = await bringing.run()
    assert part.path.read_bytes() == LARGE
    assert bringing.flight.fetched == HALF + len(LARGE)


async def test_a_break_before_the_first_byte(tmp_path: Path) -> None:
    bringing = Bringing(tmp_path, Answer(error=UpstreamDown("reset")), Answer(LARGE, broken_after=0), Answer(LARGE))
    await bringing.run()
    assert [a.start for a in bringing.upstream.asked] == [0, 0, 0]


async def test_a_short_body_counts_as_broken(tmp_path: Path) -> None:
    class Short(FakeUpstream):
        def _response(self, ask: Fetch) -> Response:
            response = super()._response(ask)
            response.length = len(LARGE) - ask.start
            return response

    bringing = Bringing(tmp_path)
    bringing.upstream = Short()
    bringing.upstream.pages[URL] = [Answer(LARGE[:HALF]), Answer(LARGE)]
    await bringing.run()
    assert [a.start for a in bringing.upstream.asked] == [0, HALF]


async def test_other_bytes_the_second_time(tmp_path: Path) -> None:
    bringing = Bringing(tmp_path, Answer(LARGE, broken_after=HALF), Answer(b"!" + LARGE[1:], ranges=False))
    await bringing.fails(Mismatch, "other bytes when asked again")


async def test_halves_of_two_files(tmp_path: Path) -> None:
    other = LARGE[:HALF] + b"!" * (len(LARGE) - HALF)
    bringing = Bringing(tmp_path, Answer(LARGE, broken_after=HALF), Answer(other))
    await bringing.fails(Mismatch, "does not match the digest")


@pytest.mark.parametrize("body", [LARGE[:-5], LARGE + b"!"])
async def test_another_length_the_second_time(tmp_path: Path, body: bytes) -> None:
    """Unpinned: nothing but the length that followers were promised tells."""
    bringing = Bringing(tmp_path, Answer(LARGE, broken_after=HALF), Answer(body, ranges=False))
    await bringing.fails(Mismatch, "when asked again", UNPINNED)
    chunked = Answer(body, ranges=False, length=False)
    bringing = Bringing(tmp_path, Answer(LARGE, broken_after=HALF), chunked)
    await bringing.fails(Mismatch, "more than|instead of", UNPINNED)


async def test_patience_ends(tmp_path: Path) -> None:
    bringing = Bringing(tmp_path, Answer(LARGE, broken_after=100))
    await bringing.fails(UpstreamDown, "broke off", attempts=2)
    assert len(bringing.upstream.asked) == 2
    bringing = Bringing(tmp_path, Answer(LARGE, broken_after=100))
    await bringing.fails(UpstreamDown, "broke off", attempts=0)
    assert len(bringing.upstream.asked) == 1


async def test_only_breaks_are_tried_again(tmp_path: Path) -> None:
    bringing = Bringing(tmp_path, Answer(status=404), Answer(LARGE))
    await bringing.fails(NotFound, "no longer has")
    assert len(bringing.upstream.asked) == 1


async def test_a_full_disk(tmp_path: Path) -> None:
    bringing = Bringing(tmp_path, Answer(LARGE), takes=HALF)
    await bringing.fails(StoreFailed, "no space left")
    assert len(bringing.upstream.asked) == 1
