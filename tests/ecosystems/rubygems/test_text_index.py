"""The compact index: what it announces, what is refused, and that filtered texts stay whole."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Page, View
from subak.ecosystems.rubygems import text_index
from subak.errors import UpstreamLied
from subak.model.digest import UNPINNED, Digest
from subak.model.exchange import Kind, Subject

RACK = Subject("rubygems", Kind.INDEX, "info", "info/rack", "rack")
ONE, TWO = "1" * 64, "2" * 64
INFO = f"""---
1.0 |checksum:{ONE}
2.0.1 a:>= 1&< 3,b:~> 2|checksum:{TWO},ruby:>= 2.7,rubygems:>= 3.0,created_at:2026-01-02T03:04:05Z,future:a:b

2.0.1-java a:>= 1|checksum:{ONE},created_at:2026-01-02T03:04:05+01:00
2.1.0.rc1 |ruby:>= 2.7
3.0-x86-mswin32-60 |checksum:,created_at:yesterday
"""


def page(body: str | bytes) -> Page:
    return Page(body.encode() if isinstance(body, str) else body, "text/plain", "https://registry.example/x")


def info(body: str | bytes, *hidden: str) -> str:
    return b"".join(text_index.info_without(RACK, page(body), frozenset(hidden))).decode()


# ---------------------------------------------------------------- /info


def test_pins() -> None:
    pins = {pin.path: pin for pin in text_index.info_pins(RACK, page(INFO))}
    gems = {path: pin for path, pin in pins.items() if path.startswith("gems/")}
    assert {path: (str(pin.digest), pin.version, pin.published) for path, pin in gems.items()} == {
        "gems/rack-1.0.gem": (f"sha256:{ONE}", "1.0", 0.0),
        "gems/rack-2.0.1.gem": (f"sha256:{TWO}", "2.0.1", 1767323045.0),
        "gems/rack-2.0.1-java.gem": (f"sha256:{ONE}", "2.0.1", 1767319445.0),
        "gems/rack-2.1.0.rc1.gem": ("unpinned", "2.1.0.rc1", 0.0),
        "gems/rack-3.0-x86-mswin32-60.gem": ("unpinned", "3.0", 0.0),
    }
    assert all(pin.name == "rack" and pin.url == "" for pin in pins.values())
    quick = pins["quick/Marshal.4.8/rack-2.0.1.gemspec.rz"]
    assert (quick.digest, quick.version, quick.published) == (UNPINNED, "2.0.1", 1767323045.0)
    assert len(pins) == 2 * len(gems)


@pytest.mark.parametrize(
    "body", ["---\n", "---", f"1.0 |checksum:{ONE}", f"---\r\n1.0 |checksum:{ONE}\r\n", "1.0 a:>= 1"]
)
def test_other_managers_spellings(body: str) -> None:
    pins = [pin for pin in text_index.info_pins(RACK, page(body)) if pin.path.startswith("gems/")]
    assert len(pins) == ("1.0" in body)
    if "checksum" in body:
        assert pins[0].digest == Digest("sha256", ONE)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "\n\n",
        "<html><body>down for maintenance</body></html>",
        "not found",
        "404 not found",
        b"---\n1.0 |checksum:\xff\xfe\n",
        "---\n1.0 |checksum:abc\n",
        f"---\n1.0 |checksum:{'g' * 64}\n",
        "---\n1.0 |x:\x00\n",
        "---\n../../x |\n",
        "---\n1.0x!y |\n",
        f"---\n1.0 |checksum:{ONE}\n<p>and then it broke</p>\n",
    ],
)
def test_lies(body: str | bytes) -> None:
    with pytest.raises(UpstreamLied):
        list(text_index.info_pins(RACK, page(body)))


def test_hidden_versions_go_on_all_platforms_and_all_else_stays() -> None:
    lines = INFO.splitlines(keepends=True)
    assert info(INFO, "2.0.1") == "".join(line for line in lines if not line.startswith("2.0.1"))
    assert info(INFO, "2.0.1.0", "9") == info(INFO, "2.0.1")
    assert "future:a:b" in info(INFO, "1.0")


def test_with_everything_hidden_the_document_is_valid_and_empty() -> None:
    rest = info(INFO, "1.0", "2.0.1", "2.1.0.rc1", "3.0")
    assert rest.split() == ["---"]
    assert list(text_index.info_pins(RACK, page(rest))) == []


VERSIONS = st.from_regex(r"[0-9]{1,2}(\.[0-9]{1,2}){0,2}(\.rc[0-9])?", fullmatch=True)
LINES = st.tuples(VERSIONS, st.sampled_from(["", "-java", "-x86_64-linux"])).map(
    lambda v: f"{v[0]}{v[1]} |checksum:{ONE}"
)


@given(st.lists(LINES), st.frozensets(VERSIONS, max_size=3))
def test_filtering_is_idempotent_and_pins_follow(lines: list[str], hidden: frozenset[str]) -> None:
    body = "\n".join(["---", *lines, ""])
    once = info(body, *hidden)
    assert info(once, *hidden) == once
    left = {pin.version for pin in text_index.info_pins(RACK, page(once))}
    assert left.isdisjoint(hidden)
    assert {pin.path for pin in text_index.info_pins(RACK, page(once))} <= {
        pin.path for pin in text_index.info_pins(RACK, page(body))
    }


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda t: f"---\n1.0 {t}".encode()))
def test_a_hostile_body_is_a_lie_or_an_index(body: bytes) -> None:
    with contextlib.suppress(UpstreamLied):
        list(text_index.info_pins(RACK, page(body)))
    with contextlib.suppress(UpstreamLied):
        list(text_index.info_without(RACK, page(body), frozenset({"1.0"})))
    for check in (text_index.check_versions, text_index.check_names):
        with contextlib.suppress(UpstreamLied):
            check(page(body))


# ---------------------------------------------------------------- /versions, /names

MD5 = "0123456789abcdef" * 2
LIST = f"""created_at: 2026-01-02T03:04:05Z
---
rack 1.0,2.0.1,2.0.1-java {MD5}
rack-test 2.0.1 {MD5}
Rack 2.0.1 {MD5}
rack -1.0 {MD5}
rack 2.1.0.rc1 {MD5}
"""


def versions(body: str, *hidden: str, **revised: str) -> str:
    view = View("text", "https://gateway.example/rubygems", hidden=frozenset(hidden), revised=revised)
    return b"".join(text_index.versions_for(page(body), view)).decode()


@pytest.mark.parametrize("body", [LIST, "---\n", LIST.rstrip("\n"), "---\n\nrack 1.0\n", LIST.replace("\n", "\r\n")])
def test_lists_of_versions(body: str) -> None:
    text_index.check_versions(page(body))


@pytest.mark.parametrize(
    "body",
    [
        "",
        f"rack 1.0 {MD5}\n",
        "<html>\n---\nrack 1.0\n",
        "---\n<html><body>sorry</body></html>\n",
        "---\nrack 1.0 not-a-digest\n",
        "---\nrack\n",
        "---\nrack  1.0\n",
        f"---\nrack 1.0 {MD5}\nrack 1.1 {MD5} and more\n",
        "---\nr\u00e4ck 1.0\n",
    ],
)
def test_lists_that_are_none(body: str) -> None:
    with pytest.raises(UpstreamLied):
        text_index.check_versions(page(body))


def test_names() -> None:
    text_index.check_names(page("---\na\nRed-Cloth_2.x\n"))
    for body in ("", "a\nb\n", "---\na b\n", "---\n<html>\n"):
        with pytest.raises(UpstreamLied):
            text_index.check_names(page(body))


def test_a_long_list_is_checked_without_recursion() -> None:
    text_index.check_versions(page("---\n" + f"rack 1.0 {MD5}\n" * 200_000))


def test_nothing_hidden_nothing_changed() -> None:
    assert versions(LIST) == LIST


def test_hidden_versions_and_revised_digests() -> None:
    other = "f" * 32
    assert versions(LIST, "rack@2.0.1", rack=other).splitlines() == [
        "created_at: 2026-01-02T03:04:05Z",
        "---",
        f"rack 1.0 {other}",
        f"rack-test 2.0.1 {MD5}",
        f"Rack 2.0.1 {MD5}",
        f"rack -1.0 {other}",
        f"rack 2.1.0.rc1 {other}",
    ]


def test_a_line_with_nothing_left_says_withdrawn() -> None:
    assert f"\nrack-test -2.0.1 {MD5}\n" in versions(LIST, "rack-test@2.0.1")
    assert f"\nrack -2.1.0.rc1 {MD5}\n" in versions(LIST, "rack@2.1.0.rc.1")


@given(st.frozensets(st.sampled_from(["rack@1.0", "rack@2.0.1", "rack-test@2.0.1", "Rack@2.0.1", "no@1", "x"])))
def test_rewriting_is_idempotent_and_stays_a_list(hidden: frozenset[str]) -> None:
    once = versions(LIST, *hidden, rack="a" * 32)
    assert versions(once, *hidden, rack="a" * 32) == once
    text_index.check_versions(page(once))
    assert len(once.splitlines()) == len(LIST.splitlines())
