"""Names, versions and path segments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import decode_path
from subak.ecosystems.composer.releases import canonical, escape, folded, full_name, is_dev, unescape
from subak.errors import NotFound

# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("vendor", "name", "full"),
    [
        ("acme", "lib", "acme/lib"),
        ("ACME", "Lib", "acme/lib"),
        ("2a", "0", "2a/0"),
        ("a.b_c-d", "e--f", "a.b_c-d/e--f"),
        ("old-", "name_", "old-/name_"),
    ],
)
def test_names_are_compared_in_lower_case(vendor: str, name: str, full: str) -> None:
    assert full_name(vendor, name) == full


@pytest.mark.parametrize(
    ("vendor", "name"),
    [
        ("", "lib"), ("acme", ""), (".acme", "lib"), ("acme", "-lib"), ("a b", "lib"), ("acme", "lib~dev"),
        ("acme", "lib/x"), ("acme", "l%69b"), ("acmé", "lib"), ("\u212aacme", "lib"), ("acme", "lib\n"),
        ("a" * 300, "x"),
    ],
)  # fmt: skip
def test_impossible_names_are_refused(vendor: str, name: str) -> None:
    with pytest.raises(NotFound):
        full_name(vendor, name)


# ---------------------------------------------------------------- versions


@pytest.mark.parametrize(
    ("version", "plain"),
    [
        ("v1.2.3", "1.2.3"),
        ("V1", "1"),
        ("1.2", "1.2"),
        ("dev-main", "dev-main"),
        ("vendor-x", "vendor-x"),
        (" 1 ", "1"),
    ],
)
def test_the_tags_v_is_no_part_of_the_version(version: str, plain: str) -> None:
    assert canonical(version) == plain


@pytest.mark.parametrize(
    ("version", "normal"),
    [
        # as Composer's VersionParser normalises them
        ("1.2.3", "1.2.3.0"),
        ("v1.2", "1.2.0.0"),
        ("1", "1.0.0.0"),
        ("1.2.3.4", "1.2.3.4"),
        ("1.0.0-beta", "1.0.0.0-beta"),
        ("1.0b1", "1.0.0.0-beta1"),
        ("1.0.0-beta.1", "1.0.0.0-beta1"),
        ("1.0.0-rc1", "1.0.0.0-RC1"),
        ("1.0.0.RC.15-dev", "1.0.0.0-RC15-dev"),
        ("1.0.0-alpha.3.1", "1.0.0.0-alpha3.1"),
        ("1.0.0a2", "1.0.0.0-alpha2"),
        ("1.0.0-p1", "1.0.0.0-patch1"),
        ("1.0.0pl3", "1.0.0.0-patch3"),
        ("1.0.0-stable", "1.0.0.0"),
        ("1.0-dev", "1.0.0.0-dev"),
        ("1.0.0+build.5", "1.0.0.0"),
        ("1.0.0-beta.5+foo", "1.0.0.0-beta5"),
        ("dev-main", "dev-main"),
        ("dev-Feature/x+y", "dev-Feature/x+y"),
        ("2.x-dev", "2.x-dev"),
        ("20100102", "20100102"),
        ("nonsense", "nonsense"),
    ],
)
def test_two_spellings_of_one_release_fold_alike(version: str, normal: str) -> None:
    assert folded(version) == normal


@given(
    st.one_of(
        st.from_regex(r"v?[0-9.]{1,12}([-._]?(beta|RC|p|a|dev|stable)[.-]?[0-9.-]*)?", fullmatch=True),
        st.text(max_size=20),
    )
)
def test_folding_twice_is_folding_once(version: str) -> None:
    assert folded(folded(version)) == folded(version)


@pytest.mark.parametrize(
    ("version", "dev"),
    [("dev-main", True), ("DEV-x", True), ("2.x-dev", True), ("1.0.0", False), ("1.0-beta1", False), ("dev", False)],
)
def test_branches(version: str, dev: bool) -> None:
    assert is_dev(version) is dev


# ---------------------------------------------------------------- path segments


@pytest.mark.parametrize(
    ("text", "segment"),
    [
        ("1.0.0", "1.0.0"),
        ("1.0.0+build", "1.0.0+build"),
        ("dev-feature/odd", "dev-feature~2fodd"),
        ("~", "~7e"),
        ("%version%", "~25version~25"),
        ("..", "~2e~2e"),
        ("é#?", "~c3~a9~23~3f"),
        ("-", "-"),
    ],
)
def test_segments(text: str, segment: str) -> None:
    assert escape(text) == segment
    assert unescape(segment) == text


@given(st.text(min_size=1))
def test_any_text_survives_as_one_segment(text: str) -> None:
    segment = escape(text)
    assert unescape(segment) == text
    assert "/" not in segment
    assert "%" not in segment
    if len(segment) < 4000:
        assert decode_path("/" + segment) == "/" + segment


@given(st.one_of(st.text(max_size=12), st.from_regex(r"[~0-9a-fA-F.]{1,12}", fullmatch=True)))
def test_a_segment_is_the_only_spelling_of_its_text_or_refused(segment: str) -> None:
    try:
        text = unescape(segment)
    except NotFound:
        return
    assert escape(text) == segment


@pytest.mark.parametrize("segment", ["", "~2F", "~6", "~61", "a~", ".", "..", "~ff", "a b", "é", "~c3"])
def test_other_spellings_are_refused(segment: str) -> None:
    with pytest.raises(NotFound):
        unescape(segment)
