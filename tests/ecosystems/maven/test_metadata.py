"""maven-metadata.xml with versions taken out; whatever is not taken out stays byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.maven.metadata import read, without
from subak.errors import UpstreamLied

DOCUMENT = """\
<?xml version="1.0" encoding="UTF-8"?>
<!-- kept: é -->
<metadata modelVersion="1.1.0">
  <groupId>com.example</groupId>
  <artifactId>lib</artifactId>
  <versioning>
    <latest>2.0-SNAPSHOT</latest>
    <release>1.10</release>
    <versions>
      <version>1.9</version>
      <version>1.10-rc1</version>
      <version>1.10</version>
      <version>2.0-SNAPSHOT</version>
    </versions>
    <lastUpdated>20260102030405</lastUpdated>
  </versioning>
  <unheard><version>1.10</version></unheard>
</metadata>
""".encode()


def cut(*hidden: str, document: bytes = DOCUMENT) -> str:
    return without(document, frozenset(hidden), "x").decode()


def test_versions() -> None:
    assert read(DOCUMENT, "x").versions == ["1.9", "1.10-rc1", "1.10", "2.0-SNAPSHOT"]


def test_nothing_hidden_changes_nothing() -> None:
    assert without(DOCUMENT, frozenset(), "x") == DOCUMENT
    assert without(memoryview(DOCUMENT), frozenset({"7"}), "x") == DOCUMENT


def test_a_hidden_version_goes_and_nothing_else() -> None:
    gone = b"\n      <version>1.10-rc1</version>"
    assert cut("1.10-rc1").encode() == DOCUMENT.replace(gone, b"")


def test_latest_and_release_move_to_what_remains() -> None:
    text = cut("2.0-SNAPSHOT", "1.10")
    assert "<latest>1.10-rc1</latest>" in text
    assert "<release>1.10-rc1</release>" in text, "a release candidate is no snapshot"
    assert "<unheard><version>1.10</version></unheard>" in text
    assert read(text.encode(), "x").versions == ["1.9", "1.10-rc1"]


def test_without_any_release_there_is_no_release() -> None:
    text = cut("1.9", "1.10-rc1", "1.10")
    assert "<latest>2.0-SNAPSHOT</latest>" in text
    assert "release" not in text


def test_all_hidden_is_still_metadata() -> None:
    text = cut("1.9", "1.10-rc1", "1.10", "2.0-SNAPSHOT")
    assert read(text.encode(), "x").versions == []
    assert "latest" not in text


@pytest.mark.parametrize(
    "odd",
    [
        b"<version>1.10</version >", b"<version >1.10</version>", b"<version>\n 1.10 \t</version>",
        b"<version><![CDATA[1.10]]></version>", b"<version>1<!-- . -->.10</version>", b"<version>1&#46;10</version>",
    ],
)  # fmt: skip
def test_spellings_of_one_element(odd: bytes) -> None:
    document = DOCUMENT.replace(b"<version>1.10</version>\n", odd + b"\n", 1)
    assert without(document, frozenset({"1.10"}), "x") == without(DOCUMENT, frozenset({"1.10"}), "x")


def test_byte_order_mark_and_empty_elements() -> None:
    document = b"\xef\xbb\xbf" + DOCUMENT.replace(b"<version>1.9</version>", b"<version/>")
    assert read(document, "x").versions == ["", "1.10-rc1", "1.10", "2.0-SNAPSHOT"]
    assert cut("1.10", document=document).encode() == b"\xef\xbb\xbf" + (
        cut("1.10").encode().replace(b"<version>1.9</version>", b"<version/>").replace(
            b"<release>1.9</release>", b"<release>1.10-rc1</release>")
    )  # fmt: skip


def test_versions_with_signs_that_xml_reserves() -> None:
    document = DOCUMENT.replace(b"1.10-rc1", b"1.10&amp;a")
    assert "<release>1.10&amp;a</release>" in cut("1.10", document=document)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"not xml", b"<html><body>404</body></html>", b"<metadata>", b"<project/>", b"<metadata/><metadata/>",
        b'<!DOCTYPE metadata [<!ENTITY a "b">]><metadata>&a;</metadata>', b"<metadata>&nbsp;</metadata>",
        b"<metadata>" + b"<a>" * 100 + b"</a>" * 100 + b"</metadata>", "<metadata/>".encode("utf-16"),
        b"<metadata>\xff</metadata>", b'{"errors": []}', DOCUMENT[:-20],
        b'<metadata><versioning><latest a="&gt;">1</latest></versioning></metadata>',
    ],
)  # fmt: skip
def test_what_is_no_metadata(body: bytes) -> None:
    with pytest.raises(UpstreamLied):
        read(body, "x")


NAMES = st.sampled_from(["1.0", "1.1", "1.2-SNAPSHOT", "2.0-rc1", "2.0", "3"])


@given(st.lists(NAMES, max_size=6), st.sets(NAMES), NAMES, NAMES)
def test_hiding_leaves_valid_metadata_and_is_idempotent(
    versions: list[str], hidden: set[str], latest: str, release: str
) -> None:
    rows = "".join(f"<version>{v}</version>" for v in versions)
    document = (
        f"<metadata><versioning><latest>{latest}</latest><release>{release}</release>"
        f"<versions>{rows}</versions></versioning></metadata>"
    ).encode()
    text = without(document, frozenset(hidden), "x")
    found = read(text, "x")
    assert found.versions == [v for v in versions if v not in hidden]
    assert hidden.isdisjoint(element.text for element in found.elements)
    assert without(text, frozenset(hidden), "x") == text


@given(st.binary(max_size=200) | st.text(alphabet="<>/!metadataversion[]CDATA&;x\"'= ", max_size=80).map(str.encode))
def test_any_body_is_metadata_or_a_lie(body: bytes) -> None:
    try:
        without(body, frozenset({"x"}), "x")
    except UpstreamLied:
        return
