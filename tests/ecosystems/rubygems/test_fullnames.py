"""What a gem's file name may mean, and which versions are one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.rubygems.fullnames import FullName, fold_version, readings
from subak.errors import NotFound


@pytest.mark.parametrize(
    ("stem", "first", "others"),
    [
        ("rack-3.1.8", ("rack", "3.1.8", ""), set()),
        ("rack-3", ("rack", "3", ""), set()),
        ("a-1.0.0.rc1", ("a", "1.0.0.rc1", ""), set()),
        ("foo-2bar-1.0", ("foo-2bar", "1.0", ""), set()),
        ("nokogiri-1.16.0-x86_64-linux-gnu", ("nokogiri", "1.16.0", "x86_64-linux-gnu"), set()),
        ("a-1.0-arm64-darwin-22", ("a", "1.0", "arm64-darwin-22"), {("a-1.0-arm64-darwin", "22", "")}),
        ("a-1.0-x86-mswin32-60", ("a", "1.0", "x86-mswin32-60"), {("a-1.0-x86-mswin32", "60", "")}),
        ("a-1.0-java", ("a", "1.0", "java"), set()),
        ("money-2-1.0", ("money-2", "1.0", ""), {("money", "2", "1.0")}),
        ("rails-4-helper-1.0", ("rails-4-helper", "1.0", ""), {("rails", "4", "helper-1.0")}),
        ("a-1.0-strange", ("a", "1.0", "strange"), set()),
        ("1-1", ("1", "1", ""), set()),
    ],
)
def test_readings(stem: str, first: tuple[str, str, str], others: set[tuple[str, str, str]]) -> None:
    found = readings(stem)
    assert found[0] == FullName(*first)
    assert set(found[1:]) == {FullName(*other) for other in others}


@pytest.mark.parametrize("stem", ["", "rack", "-1.0", "rack-", "a-b", "a+b-1.0", "a-1.0\n", "a-" + "1" * 600])
def test_what_no_gem_is_called(stem: str) -> None:
    with pytest.raises(NotFound):
        readings(stem)


def test_few_readings_of_a_hostile_name() -> None:
    assert len(readings("a" + "-1" * 200)) <= 4


GEMS = st.tuples(
    st.from_regex(r"[a-z][A-Za-z0-9_.]{0,8}(-[a-z][A-Za-z0-9_]{0,5}){0,2}", fullmatch=True),
    st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}(\.(rc|beta|pre)[0-9]?)?", fullmatch=True),
    st.sampled_from(["", "java", "x86_64-linux", "x86-mingw32", "arm64-darwin-22", "universal-darwin-9", "mswin32"]),
)


@given(GEMS)
def test_an_ordinary_gem_is_found_among_the_readings(gem: tuple[str, str, str]) -> None:
    stem = "-".join(filter(None, gem))
    assert readings(stem)[0] == FullName(*gem)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.0.0", "1"),
        ("1.0", "1.0.0"),
        ("01.2", "1.2"),
        ("1.0.0.rc1", "1.rc.1"),
        ("1.0.a.1.0", "1.a.1"),
        ("1.0-beta", "1.pre.beta"),
        ("0", "0.0.0"),
        ("9" * 5000, "0" + "9" * 5000),
    ],
)
def test_two_spellings_of_one_version(one: str, other: str) -> None:
    assert fold_version(one) == fold_version(other)


@pytest.mark.parametrize(("one", "other"), [("1.0", "1.1"), ("1.0.rc1", "1.0"), ("1.0.1", "1.1"), ("1.a", "1.b")])
def test_two_versions(one: str, other: str) -> None:
    assert fold_version(one) != fold_version(other)


@given(st.text(max_size=40))
def test_folding_is_idempotent_and_never_fails(text: str) -> None:
    assert fold_version(fold_version(text)) == fold_version(text)
