"""What the door needs of uvicorn, how it treats connections, and when it forgets."""

from __future__ import annotations

import ast
import importlib.metadata
import inspect
import re
import socket
import statistics
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httptools
import pytest
import uvicorn
from uvicorn.protocols.http import httptools_impl
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from gateway.here import GONE, Counting, Here, Line, basic, eventually
from registry.upstream import Registry
from registry.weather import Weather
from subak.gateway import door as door_module
from subak.gateway import sending as sending_module
from subak.gateway.door import LARGEST_HEAD, Door
from subak.store.blobs import Blobs
from subak.store.catalogue import Catalogue
from subak.store.database import Database
from subak.store.folder import Folder

ROOT = Path(__file__).resolve().parents[2]

# ---------------------------------------------------------------- uvicorn

PROTOCOL = {
    "client", "connection_lost", "connection_made", "cycle", "data_received", "expect_100_continue", "flow", "headers",
    "loop", "on_body", "on_header", "on_headers_complete", "on_message_begin", "on_message_complete",
    "on_response_complete", "on_url", "parser", "pipeline", "resume_writing", "scope", "send_400_response", "shutdown",
    "transport", "url", "_unset_keepalive_if_required", "_unsupported_upgrade_warning",
}  # fmt: skip
"""Every attribute of HttpToolsProtocol that the door uses or replaces."""

CYCLE = {"response_complete", "disconnected", "keep_alive", "message_event"}
"""What uvicorn's protocol uses of a running answer, which Sending must therefore have."""


def attributes(module: object, owner: str) -> set[str]:
    """Names used as `owner.NAME` in a module's source."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]  # a module
    return {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute) and ast.unparse(n.value) == owner}


async def _application(scope: object, receive: object, send: object) -> None:
    raise NotImplementedError


def test_the_pinned_uvicorn_is_the_installed_one() -> None:
    pinned = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert f"uvicorn=={importlib.metadata.version('uvicorn')}" in pinned


async def test_uvicorns_protocol_has_every_name_that_the_door_uses() -> None:
    protocol = HttpToolsProtocol(uvicorn.Config(_application, log_config=None), ServerState(), {})
    protocol.on_message_begin()
    missing = {name for name in PROTOCOL if not hasattr(protocol, name)}
    assert not missing, f"this uvicorn has no {missing}: read its httptools_impl.py again before raising the pin"
    own = set(vars(Door)) | set(Door.__annotations__)
    inherited = {n for n in attributes(door_module, "self") | attributes(door_module, "super()") if n not in own}
    replaced = {n for n in vars(Door) if hasattr(HttpToolsProtocol, n) and not n.startswith("__")}
    assert inherited | replaced <= PROTOCOL, "name it above"
    assert not (own - replaced) & set(vars(protocol)), "the door hides an attribute of uvicorn's"


def test_the_parser_and_the_flow_have_what_the_door_uses() -> None:
    parser = httptools.HttpRequestParser(object())
    used = attributes(door_module, "parser") | attributes(door_module, "self.parser")
    assert used == {"get_method", "get_http_version", "should_upgrade", "should_keep_alive"}
    assert all(hasattr(parser, name) for name in used)
    assert attributes(door_module, "self.flow") == {"write_paused"}
    assert "write_paused" in inspect.getsource(FlowControl)


def test_a_transfer_can_stand_where_uvicorn_keeps_a_running_answer() -> None:
    used = attributes(httptools_impl, "self.cycle")
    for_its_own_message = {"body", "more_body"}  # the door swallows that message
    assert used - for_its_own_message == CYCLE, f"uvicorn now uses {used}"
    assert attributes(sending_module, "self") >= CYCLE


def test_status_lines_are_a_table_by_status() -> None:
    assert STATUS_LINE[404] == b"HTTP/1.1 404 Not Found\r\n"
    assert "STATUS_LINE[status_code]" in inspect.getsource(RequestResponseCycle.send)


# ---------------------------------------------------------------- connections


@pytest.fixture(scope="module")
def upstream() -> Iterator[Registry]:
    with Registry() as upstream:
        upstream.add_npm("left", "1.0.0", padding=20_000)
        upstream.add_npm("middle", "1.0.0", padding=300_000)
        upstream.add_npm("huge", "1.0.0", padding=8_000_000)
        yield upstream


LEFT, MIDDLE, HUGE = (f"/npm/{n}/-/{n}-1.0.0.tgz" for n in ("left", "middle", "huge"))
PAGE = "/npm/left"


def urls(upstream: Registry) -> dict[str, str]:
    return {"pypi": upstream.pypi_url, "npm": upstream.npm_url}


@pytest.fixture
def here(tmp_path: Path, upstream: Registry) -> Iterator[Here]:
    with Here(tmp_path / "data", urls(upstream)) as here:
        yield here


@pytest.fixture
def hasty(tmp_path: Path, upstream: Registry) -> Iterator[Here]:
    with Here(tmp_path / "data", urls(upstream), server__header_timeout=1.0, server__idle_timeout=1.5) as here:
        yield here


def lasted(line: Line) -> float:
    """Seconds until the server closes the connection."""
    began = time.monotonic()
    assert line.closed()
    return time.monotonic() - began


def drip(line: Line, pieces: list[bytes], pause: float) -> bool:
    """Send slowly; whether the server put an end to it."""
    for piece in pieces:
        try:
            line.send(piece)
        except OSError:
            return True
        time.sleep(pause)
    return False


def test_repeated_requests_of_one_connection_skip_the_parser_and_are_the_same(here: Here) -> None:
    headers = {"user-agent": "npm/10", "accept": "*/*"}
    whole = here.warm(LEFT, headers)
    here.warm(PAGE, headers)
    before = Counting.answered
    with here.connect() as line:
        for path in (LEFT, LEFT, PAGE, LEFT):
            line.send(here.raw(path, headers))
            told = line.read()
            assert told.status == 200
            assert (told.body == whole.body) == (path == LEFT)
        # Other headers, another method, another version, a byte more: all of them are parsed.
        for data, status in (
            (here.raw(LEFT, {**headers, "if-none-match": whole["etag"]}), 304),
            (here.raw(LEFT, headers), 200),
            (here.raw(LEFT, {**headers, "range": "bytes=0-1"}), 206),
            (here.raw("/npm/absent", headers), 404),
            (here.raw(LEFT, headers), 200),
            (here.raw(LEFT + "?a", headers), 200),
            (here.raw(LEFT, headers, method="POST"), 405),
            (here.raw(LEFT, headers), 200),
        ):
            line.send(data)
            assert line.read().status == status
        line.send(here.raw(LEFT, headers)[:-1])
        line.send(b"\n")
        assert line.read().body == whole.body
        line.send(here.raw(LEFT, headers, version="1.0"))
        assert line.read()["connection"] == "close"
    assert Counting.answered == before + 9


def test_a_continued_head_is_never_taken_for_a_known_block(here: Here) -> None:
    """What looks like a whole request may be the inside of a header that began before."""
    here.warm(LEFT, {"user-agent": "a"})
    here.warm(LEFT, {"user-agent": "b"})
    with here.connect() as line:
        line.send(here.raw(LEFT, {"user-agent": "a"}))
        assert line.read().status == 200
        here.skip_readings()
        line.send(f"GET {PAGE} HTTP/1.1\r\nx-trick: ".encode())
        time.sleep(0.1)
        line.send(here.raw(LEFT, {"user-agent": "a"}))
        assert line.read()["content-type"] == "application/json"
        assert here.next_readings(1)[0].kind == "index"
    with here.connect() as line:
        line.send(f"GET {LEFT} HTTP/1.1\r\nuser-agent: b\r\nx-trick: ".encode())
        time.sleep(0.1)
        line.send(f"GET {PAGE} HTTP/1.1\r\nhost: {here.host}\r\n\r\n".encode())
        assert line.read().status == 200
        line.send(f"GET {LEFT} HTTP/1.1\r\nhost: {here.host}\r\n\r\n".encode())
        assert line.read().status == 200
        assert [r.agent for r in here.next_readings(2)] == ["unknown", "none"]


def test_hits_and_misses_in_one_segment_are_answered_in_order(here: Here, upstream: Registry) -> None:
    upstream.add_npm("cold", "1.0.0")
    here.warm(LEFT)
    here.warm(MIDDLE)
    cold = "/npm/cold/-/cold-1.0.0.tgz"
    with here.connect() as line:
        line.send(b"".join(here.raw(p) for p in (LEFT, MIDDLE, cold, LEFT, MIDDLE, "/npm/absent", LEFT)))
        told = [line.read() for _ in range(7)]
    assert [t.status for t in told] == [200, 200, 200, 200, 200, 404, 200]
    assert [t["x-subak-cache"] for t in told] == ["hit", "hit", "miss", "hit", "hit", "", "hit"]
    assert told[0].body == told[3].body == told[6].body
    assert told[1].body == told[4].body
    assert len({t["x-request-id"] for t in told}) == 7


def test_nothing_is_answered_after_a_last_answer(here: Here) -> None:
    here.warm(LEFT)
    here.skip_readings()
    with here.connect() as line:
        line.send(here.raw(LEFT, {"connection": "close"}) + here.raw(LEFT) + here.raw("/npm/absent"))
        assert line.read()["connection"] == "close"
        assert line.closed()
    here.skip_readings()
    assert sum(r.ecosystem == "npm" for r in here.readings()[-3:]) == 1


@pytest.mark.parametrize("headers", [{"connection": "close"}, {}], ids=["close", "1.0"])
def test_the_last_answer_of_a_connection_is_no_lost_client(here: Here, headers: dict[str, str]) -> None:
    version = "1.1" if headers else "1.0"
    here.skip_readings()
    for path in (PAGE, LEFT, MIDDLE):
        assert here.ask(path, headers, version=version).complete
    assert [r.error for r in here.next_readings(3)] == ["", "", ""]


def test_an_upload_after_the_answer_is_no_head(here: Here) -> None:
    """A refused publish: the client goes on sending its body, and may then ask for something else."""
    with here.connect() as line:
        line.send(here.raw(LEFT, {"content-length": "300000"}, method="PUT"))
        assert line.read().status == 405
        line.send(b"GET / HTTP/1.1\r\n" * 18750)
        line.send(here.raw(LEFT))
        assert line.read().status == 200


def test_an_unknown_upgrade_is_ignored_and_the_connection_goes_on(here: Here) -> None:
    here.warm(LEFT)
    with here.connect() as line:
        for _ in range(2):
            line.send(here.raw(LEFT, {"upgrade": "h2c", "connection": "upgrade, http2-settings"}))
            assert line.read().status == 200
        line.send(here.raw(LEFT))
        assert line.read().status == 200


# ---------------------------------------------------------------- slow and hostile


def test_half_a_head_is_closed_after_header_timeout(hasty: Here) -> None:
    with hasty.connect() as silent, hasty.connect() as half, hasty.connect() as dripping:
        half.send(b"GET /npm/left HTTP/1.1\r\nhost: x\r\n")
        began = time.monotonic()
        assert drip(dripping, [bytes([byte]) for byte in hasty.raw(PAGE, {"x-long": "y" * 2000})], 0.02)
        assert 0.4 < time.monotonic() - began < 5
        assert half.closed()
        assert silent.closed()


def test_an_idle_connection_is_closed_after_idle_timeout(hasty: Here) -> None:
    hasty.warm(LEFT)
    with hasty.connect() as fast, hasty.connect() as ordinary:
        fast.send(hasty.raw(LEFT))
        ordinary.send(hasty.raw("/-/health"))
        assert fast.read().status == ordinary.read().status == 200
        time.sleep(0.7)
        fast.send(hasty.raw(LEFT) + b"GET /npm/")  # a head begun behind an answer is due like any other
        assert fast.read().status == 200
        assert 0.4 < lasted(fast) < 3
        assert lasted(ordinary) < 3


def test_whoever_waits_for_us_is_not_closed(hasty: Here, upstream: Registry) -> None:
    upstream.add_npm("late", "1.0.0")
    hasty.ask("/npm/late")
    hasty.warm(LEFT)
    upstream.weather.set("/late/-/*", Weather(delay=3.0))
    with hasty.connect() as line:
        line.send(hasty.raw("/npm/late/-/late-1.0.0.tgz") + hasty.raw(LEFT) + hasty.raw("/npm/late/-/late-1.0.0.tgz"))
        assert [line.read().status for _ in range(3)] == [200, 200, 200]
    upstream.weather.clear()


@pytest.mark.parametrize("at_once", [True, False], ids=["in one piece", "in pieces"])
def test_a_head_above_64_kib_is_refused(here: Here, at_once: bool) -> None:
    data = here.raw(PAGE, {"x-large": "y" * LARGEST_HEAD})
    with here.connect() as line:
        for start in range(0, len(data), len(data) if at_once else 8000):
            line.send(data[start : start + (len(data) if at_once else 8000)])
            time.sleep(0 if at_once else 0.01)
        told = line.read()
    assert told.status == 400
    assert told["content-type"] == "application/problem+json"
    assert told["connection"] == "close"
    assert told["x-request-id"] in told.body.decode()
    assert here.ask(PAGE, {"x-large": "y" * (LARGEST_HEAD - 1000)}).status == 200


def test_endless_trailers_are_refused(here: Here) -> None:
    with here.connect() as line:
        line.send(here.raw("/npm/-/v1/search", {"transfer-encoding": "chunked"}, method="POST") + b"0\r\n")
        assert drip(line, [b"x-more: " + b"y" * 1000 + b"\r\n"] * 2000, 0.001)


def test_nonsense_gets_a_problem_document(here: Here) -> None:
    with here.connect() as line:
        line.send(b"BREW /coffee\r\n\r\n")
        told = line.read()
        assert (told.status, told["content-type"]) == (400, "application/problem+json")
        assert line.closed()


def test_nonsense_behind_a_running_answer_breaks_the_connection(here: Here, upstream: Registry) -> None:
    """Not one byte of a refusal may end up inside a file."""
    upstream.add_npm("slow", "1.0.0", padding=500_000)
    here.ask("/npm/slow")
    upstream.weather.set("/slow/-/*", Weather(hold=200_000))
    with here.connect() as line:
        line.send(here.raw("/npm/slow/-/slow-1.0.0.tgz") + b"BREW nonsense\r\n\r\n")
        told = line.read()
    upstream.weather.clear()
    assert not told.complete
    assert b"problem" not in told.body
    here.warm(HUGE)
    with here.connect(receive=4096) as line:
        line.send(here.raw(HUGE) + b"BREW nonsense\r\n\r\n")
        told = line.read()
        assert not told.complete
        assert b"problem" not in told.body


@pytest.mark.parametrize("path", [MIDDLE, HUGE])
@pytest.mark.parametrize("headers", [{}, {"range": "bytes=10-"}, {"connection": "close"}], ids=str)
def test_a_reader_who_stopped_is_dropped(hasty: Here, path: str, headers: dict[str, str]) -> None:
    hasty.warm(HUGE)
    hasty.warm(MIDDLE)
    hasty.skip_readings()
    wanted = 60 if path == MIDDLE else 1
    with hasty.connect(receive=4096) as line:
        line.send(hasty.raw(path, headers) * wanted)
        eventually(lambda: len(hasty.house.connections) == 0, within=8)
    if path == HUGE:
        (reading,) = hasty.next_readings(1)
        assert (reading.error, reading.origin) == ("ClientGone", "hit")
        assert reading.sent < 8_000_000


def test_a_slow_reader_who_goes_on_is_not_dropped(hasty: Here) -> None:
    size = len(hasty.warm(HUGE).body)
    with hasty.connect(receive=65536) as line:
        line.send(hasty.raw(HUGE))
        line.sock.settimeout(5)
        got, began = 0, time.monotonic()
        while got < size:
            piece = line.sock.recv(min(65536, size + 1000 - got))
            assert piece, f"closed after {got} bytes, {time.monotonic() - began:.1f} s"
            got += len(piece)
            time.sleep(0.03)
        assert time.monotonic() - began > 2.5


def test_idle_connections_do_not_slow_a_hit(here: Here) -> None:
    here.warm(LEFT)

    def typical() -> float:
        with here.connect() as line:
            times = []
            for _ in range(300):
                began = time.perf_counter()
                line.send(here.raw(LEFT))
                line.read()
                times.append(time.perf_counter() - began)
        return statistics.median(times)

    alone = typical()
    idle = [socket.create_connection(("127.0.0.1", here.port)) for _ in range(2000)]
    try:
        for number, sock in enumerate(idle):
            sock.sendall(b"GET /npm/left HT" if number % 2 else here.raw(LEFT))
        eventually(lambda: len(here.house.connections) >= 2000)
        assert typical() < 3 * alone + 0.001
    finally:
        for sock in idle:
            sock.close()


# ---------------------------------------------------------------- forgetting


def test_a_changed_document_is_forgotten(tmp_path: Path, upstream: Registry) -> None:
    upstream.add_npm("moving", "1.0.0")
    with Here(tmp_path / "data", urls(upstream), cache__revalidate_behind=0.0) as here:
        before = here.warm("/npm/moving").body
        upstream.add_npm("moving", "2.0.0")
        assert here.warm("/npm/moving").body == before
        # A file that no index announces yet makes us ask again, long before the document is old.
        time.sleep(0.1)
        document = here.house.entries[b"/npm/moving"]
        assert document.hots()
        here.house.drop("npm", document.hots()[0].document[1])
        assert b"/npm/moving" not in here.house.entries


def test_a_document_is_believed_no_longer_than_it_is_good(tmp_path: Path, upstream: Registry) -> None:
    upstream.add_npm("brief", "1.0.0")
    with Here(tmp_path / "data", urls(upstream), cache__fresh=1.5, cache__revalidate_behind=0.0) as here:
        before = here.warm("/npm/brief").body
        upstream.add_npm("brief", "2.0.0")
        assert here.ask("/npm/brief").body == before
        time.sleep(1.6)
        assert b"2.0.0" in here.ask("/npm/brief").body


def test_a_revoked_key_is_forgotten_everywhere(here: Here) -> None:
    headers = {"authorization": basic(here.key("bob"))}
    here.warm("/k" + LEFT, headers)
    with here.connect() as line:
        for _ in range(3):
            line.send(here.raw("/k" + LEFT, headers))
            assert line.read().status == 200
        era = here.house.era
        assert here.keys.revoke_key("bob", time.time())
        eventually(lambda: here.house.era > era)
        line.send(here.raw("/k" + LEFT, headers))
        assert line.read().status == 401
    assert here.ask(LEFT, headers).status == 401


def test_over_the_allowance_both_ways_refuse(tmp_path: Path, upstream: Registry) -> None:
    def kept() -> bool:
        file = Catalogue(Database(tmp_path / "data" / "subak.db")).file("npm", LEFT.removeprefix("/npm/"))
        return file is not None and file.blob != ""

    with Here(tmp_path / "data", urls(upstream), access__requests_per_minute=2, access__burst=8) as here:
        before = Counting.answered
        with here.connect() as line:
            told = []
            for _ in range(12):
                line.send(here.raw(LEFT))
                told.append(line.read())
                eventually(kept)  # the first answer rides on the transfer; the door knows only what is catalogued
        assert [t.status for t in told] == [200] * 8 + [429] * 4
        assert 5 <= Counting.answered - before <= 6
        here.house.forget()
        ordinary = here.ask(LEFT)
        assert ordinary.status == 429
        assert ordinary.reason == told[-1].reason
        assert abs(int(ordinary["retry-after"]) - int(told[-1]["retry-after"])) <= 2
        assert 1 <= int(ordinary["retry-after"]) <= 31
        eventually(lambda: sum(r.status == 429 for r in here.readings()) == 5)
        refused = [r for r in here.readings() if r.status == 429]
        assert {(r.rule, r.error, r.ecosystem) for r in refused} == {("allowance", "TooMany", "npm")}


def test_an_evicted_file_is_still_right_from_memory_and_asked_again_from_disk(here: Here, upstream: Registry) -> None:
    bodies = {path: here.warm(path).body for path in (LEFT, HUGE)}
    blobs = Blobs(Folder(here.config.folder), 0)
    for path in bodies:
        (hot,) = here.house.entries[path.encode()].hots()
        blobs.remove(hot.blob)
    upstream.forget()
    before = Counting.answered
    assert here.ask(LEFT).body == bodies[LEFT]
    assert Counting.answered == before + 1
    assert here.ask(HUGE).body == bodies[HUGE]
    assert Counting.answered == before + 1
    assert upstream.count("/huge/-/*") == 1
    here.warm(HUGE)


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_a_mismatching_file_is_never_completed(
    here: Here, upstream: Registry, caplog: pytest.LogCaptureFixture, chunked: bool
) -> None:
    upstream.add_npm("wrong", "1.0.0", padding=900_000)
    upstream.weather.set("/wrong/-/*", Weather(corrupt=True, chunked=chunked, drip=0.01))
    path = "/npm/wrong/-/wrong-1.0.0.tgz"
    for behind in (b"", here.raw("/-/health")):
        with here.connect() as line:
            line.send(here.raw(path) + behind)
            told = line.read()
            if chunked:  # its length is known only once it is verified, or not
                assert (told.status, told["content-type"]) == (502, "application/problem+json")
            else:
                assert (told.status, told.complete) == (200, False)
                assert told["content-length"]
                assert line.read() == GONE
    upstream.weather.clear()
    assert here.ask(path).complete
    assert "ASGI" not in caplog.text


def test_request_ids_are_unique_and_match_the_ordinary_ones(here: Here) -> None:
    ids = [here.ask(path)["x-request-id"] for path in (LEFT, PAGE, "/-/health", "/npm/absent") * 10]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[0-9a-f]+-[0-9a-f]+", i) for i in ids)
    assert len({i.partition("-")[0] for i in ids}) == 1
