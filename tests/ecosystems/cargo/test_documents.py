"""config.json and index files: what they pin, what the client sees, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Page, View
from subak.ecosystems.cargo.documents import CHUNK, pins, render, settle
from subak.ecosystems.cargo.places import CONFIG, crate, download, index
from subak.errors import NotFound, UpstreamLied
from subak.model.digest import Digest
from subak.model.exchange import Subject

BASE = "http://gateway.example/cargo"
KEYED = "http://gateway.example/k/cargo"
CKSUM = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4
URL = "https://registry.example/index/la/b_/lab_up"


def line(vers: str, cksum: str = CKSUM, name: str = "Lab_Up", **more: object) -> str:
    """One line as the registry writes it."""
    row: dict[str, object] = {"name": name, "vers": vers, "deps": [], "cksum": cksum, "features": {}, "yanked": False}
    return json.dumps(row | more)


def page(*lines: str | bytes) -> Page:
    return Page(b"\n".join(x if isinstance(x, bytes) else x.encode() for x in lines) + b"\n", "text/plain", URL)


LAB_UP = index("Lab_Up")
THREE = page(
    line("0.1.0", pubtime="2021-02-03T04:05:06Z"),
    line("0.2.0+x.1", yanked=True, pubtime="soon"),
    line("1.0.0-rc.1", OTHER, v=3, features2={"a": ["dep:b"]}, future={"é": [1.50, None]}),
)


def shown(what: Page, *hidden: str, subject: Subject = LAB_UP) -> bytes:
    return b"".join(render(subject, what, View("lines", BASE, hidden=frozenset(hidden))))


def rows(body: bytes) -> Mapping[str, dict[str, object]]:
    assert body.endswith(b"\n")
    return {row["vers"]: row for row in map(json.loads, body.splitlines())}


# ---------------------------------------------------------------- index files


def test_every_line_pins_its_file() -> None:
    found = list(pins(LAB_UP, THREE))
    assert [pin.path for pin in found] == [
        f"crates/Lab_Up/0.1.0/{CKSUM}.crate",
        f"crates/Lab_Up/0.2.0+x.1/{CKSUM}.crate",
        f"crates/Lab_Up/1.0.0-rc.1/{OTHER}.crate",
    ]
    assert [pin.digest for pin in found] == [Digest("sha256", CKSUM)] * 2 + [Digest("sha256", OTHER)]
    assert [pin.published for pin in found] == [1612325106.0, 0.0, 0.0]
    assert {(pin.name, pin.url) for pin in found} == {("Lab_Up", "")}
    assert [pin.version for pin in found] == ["0.1.0", "0.2.0+x.1", "1.0.0-rc.1"]


def test_what_is_not_hidden_leaves_as_it_came() -> None:
    assert shown(THREE) == THREE.body


def test_a_missing_last_newline_is_added_and_empty_lines_go() -> None:
    body = bytes(THREE.body)
    assert shown(Page(b"\n" + body.rstrip(b"\n"), "text/plain", URL)) == body


def test_hidden_versions_look_yanked_and_nothing_else_changes() -> None:
    before, after = rows(bytes(THREE.body)), rows(shown(THREE, "0.1.0", "1.0.0-rc.1"))
    assert [row["yanked"] for row in after.values()] == [True, True, True]
    assert {v: {**row, "yanked": 0} for v, row in after.items()} == {
        v: {**row, "yanked": 0} for v, row in before.items()
    }
    assert [list(row) for row in after.values()] == [list(row) for row in before.values()]


def test_a_line_that_never_said_yanked_says_it_when_hidden() -> None:
    old = page(json.dumps({"name": "Lab_Up", "vers": "0.1.0", "cksum": CKSUM}))
    assert rows(shown(old, "0.1.0"))["0.1.0"]["yanked"] is True


@pytest.mark.parametrize(
    "odd",
    [
        b"[]",
        b"7",
        b'{"name":"Lab_Up"}',
        line("0.9", name="Lab_Up"),
        line("9.9.9", "not-hex"),
        line("9.9.9", CKSUM.upper()),
        line("9.9.9/../x"),
        json.dumps({"name": "Lab_Up", "vers": 9, "cksum": CKSUM}),
    ],
)
def test_lines_that_say_too_little_are_neither_pinned_nor_shown(odd: str | bytes) -> None:
    mixed = page(line("0.1.0"), odd, line("0.2.0"))
    assert [pin.version for pin in pins(LAB_UP, mixed)] == ["0.1.0", "0.2.0"]
    assert list(rows(shown(mixed))) == ["0.1.0", "0.2.0"]


BROKEN = (
    b"<html><body>something is wrong</body></html>",
    b'{"name":"Lab_Up","vers":"0.1.0","ck',
    line("0.1.0", name="serde").encode(),
    line("0.1.0", name="lab-up").encode(),
    b"\xff\xfe",
    line("0.1.0").encode().replace(b"{", b'{"\xff":1,', 1),  # nobody could mark it as withheld
    b'{"name":"Lab_Up","deps":' + b"[" * 100_000,
)


@pytest.mark.parametrize("broken", BROKEN, ids=range(len(BROKEN)))
def test_one_broken_line_spoils_the_file(broken: bytes) -> None:
    for lines in ((broken,), (line("0.0.1"), broken)):
        with pytest.raises(UpstreamLied):
            list(pins(LAB_UP, page(*lines)))


@pytest.mark.parametrize("body", [b"{}", b"{}\n[]", b"[" * 100_000, b'{"name":' + b"[" * 100_000, b"null"])
def test_a_file_without_any_version_is_refused(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        list(pins(LAB_UP, page(body)))


def test_another_alphabet_is_another_crate() -> None:
    kelvin = index("k")
    with pytest.raises(UpstreamLied, match="tells about"):
        list(pins(kelvin, page(line("0.1.0", name="\u212a"))))


@pytest.mark.parametrize("body", [b"", b"\n", b"\r\n\r\n"])
def test_an_empty_file_is_an_absence(body: bytes) -> None:
    with pytest.raises(NotFound):
        list(pins(LAB_UP, Page(body, "text/plain", URL)))


def test_a_version_may_be_listed_twice() -> None:
    twice = page(line("0.1.0"), line("0.1.0"), line("0.1.0", OTHER))
    assert [pin.digest.hex for pin in pins(LAB_UP, twice)] == [CKSUM, OTHER]
    assert settle(download("Lab_Up", "0.1.0"), twice) == crate("Lab_Up", "0.1.0", CKSUM)


def test_large_files_leave_in_pieces() -> None:
    many = page(*(line(f"0.{n}.0", padding="x" * 500) for n in range(1000)))
    pieces = list(render(LAB_UP, many, View("lines", BASE)))
    assert len(pieces) > 5
    assert max(map(len, pieces)) < CHUNK + 1000
    assert b"".join(pieces) == many.body


# ---------------------------------------------------------------- files without a checksum


def test_a_version_settles_on_what_the_index_announces() -> None:
    assert settle(download("Lab_Up", "1.0.0-rc.1"), THREE) == crate("Lab_Up", "1.0.0-rc.1", OTHER)
    assert settle(download("lab_up", "0.1.0"), THREE) == crate("Lab_Up", "0.1.0", CKSUM)
    with pytest.raises(NotFound, match="no version"):
        settle(download("Lab_Up", "3.0.0"), THREE)


# ---------------------------------------------------------------- config.json


def config(**members: object) -> Page:
    return Page(json.dumps(members).encode(), "application/json", "https://registry.example/index/config.json")


DL = "https://files.example/crates"


def test_config_leads_here() -> None:
    theirs = config(dl=DL, api="https://registry.example", more="https://trap.example")
    assert json.loads(b"".join(render(CONFIG, theirs, View("json", BASE)))) == {
        "dl": f"{BASE}/crates/{{crate}}/{{version}}/{{sha256-checksum}}.crate",
        "api": BASE,
    }
    assert list(pins(CONFIG, theirs)) == []


def test_there_is_no_api_where_upstream_has_none() -> None:
    for theirs in (config(dl=DL), config(dl=DL, api=None), config(dl=DL, **{"auth-required": True})):
        assert list(json.loads(b"".join(render(CONFIG, theirs, View("json", BASE))))) == ["dl"]


def test_below_a_key_credentials_are_required() -> None:
    body = b"".join(render(replace(CONFIG, keyed=True), config(dl=DL), View("json", KEYED)))
    assert json.loads(body) == {
        "dl": f"{KEYED}/crates/{{crate}}/{{version}}/{{sha256-checksum}}.crate",
        "auth-required": True,
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"<html>",
        b"{}",
        b'{"dl":7}',
        b'{"dl":"/crates"}',
        b'{"dl":"ftp://x"}',
        b'{"dl":"http://x","api":"x"}',
    ],
)
def test_what_is_no_config_is_refused(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        list(pins(CONFIG, Page(body, "application/json", "")))


# ---------------------------------------------------------------- whatever upstream sends


LINES = st.lists(
    st.one_of(
        st.binary(max_size=30),
        st.builds(
            line,
            st.sampled_from(["0.1.0", "0.2.0+b", "1.0.0-rc.1", "1", "../x"]),
            st.sampled_from([CKSUM, OTHER, "", "zz"]),
            st.sampled_from(["Lab_Up", "lab_up", "LAB_UP"]),
            yanked=st.sampled_from([True, False, None, 3]),
            pubtime=st.one_of(st.none(), st.text(max_size=20), st.just("2026-01-01T00:00:00Z")),
        ).map(str.encode),
    ),
    max_size=8,
)


@given(LINES, st.frozensets(st.sampled_from(["0.1.0", "0.2.0+b", "1.0.0-rc.1"])))
def test_whatever_comes_is_refused_or_shown_with_its_pins(lines: list[bytes], hidden: frozenset[str]) -> None:
    what = page(*lines)
    try:
        found = list(pins(LAB_UP, what))
    except (UpstreamLied, NotFound):
        return
    once = shown(what, *hidden)
    assert shown(Page(once, "text/plain", URL), *hidden) == once
    paths = {pin.path for pin in found}
    for text in once.splitlines():
        row = json.loads(text)
        assert f"crates/{row['name']}/{row['vers']}/{row['cksum']}.crate" in paths
        assert row["yanked"] is True or row["vers"] not in hidden
    assert len(once.splitlines()) >= len(paths)
    for pin in found:
        assert settle(download(pin.name, pin.version), what).key in paths


@given(st.binary(max_size=200))
def test_whatever_comes_as_config_is_refused_or_shown(body: bytes) -> None:
    what = Page(body, "application/json", "")
    try:
        list(pins(CONFIG, what))
    except UpstreamLied:
        return
    assert "dl" in json.loads(b"".join(render(CONFIG, what, View("json", BASE))))
