"""JSON and XML as flat rows, and nothing that either can do to us."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.sources.trees import from_json, from_xml

MIRRORS = """<?xml version="1.0" encoding="UTF-8"?>
<!-- ours --><settings xmlns="urn:a" xmlns:xsi="urn:b" xsi:schemaLocation="urn:a x.xsd">
 <mirrors>
  <mirror><id>blocker</id><mirrorOf>external:http:*</mirrorOf><url>http://0.0.0.0/</url></mirror>
  <mirror><id>ours</id><mirrorOf>*</mirrorOf><url>https://registry.example/all</url></mirror>
 </mirrors>
 <p:packageSources xmlns:p="urn:p"><clear/><add key="a" value="1"/><add key="b" value="2"/></p:packageSources>
</settings>
"""


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("mirrors.mirror.url", "http://0.0.0.0/"),
        ("mirrors.mirror[mirrorOf=*].url", "https://registry.example/all"),
        ("mirrors.mirror[id=ours].mirrorOf", "*"),
        ("packageSources.add@value", "1"),
        ("packageSources.add[key=b]@value", "2"),
        ("mirrors", None),
        ("@schemaLocation", "urn:a x.xsd"),
    ],
)
def test_xml(key: str, value: str | None) -> None:
    assert from_xml(MIRRORS).get(key) == value


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("a.b", "1"),
        ("list", "first"),
        ("repositories.url", "https://vcs.example"),
        ("repositories[type=composer].url", "https://registry.example"),
        ("number", None),
        ("off", None),
    ],
)
def test_json(key: str, value: str | None) -> None:
    rows = [{"type": "git", "url": "https://vcs.example"}, {"type": "composer", "url": "https://registry.example"}]
    tree = {"a": {"b": "1"}, "list": [1, "first", "second"], "repositories": rows, "number": 3, "off": False}
    assert from_json(json.dumps(tree)).get(key) == value


ENTITY = '<!DOCTYPE s [<!ENTITY e SYSTEM "file:///etc/passwd">]><s><url>&e;</url></s>'
BOMB = '<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><s><url>&b;</url></s>'


@pytest.mark.parametrize("text", [ENTITY, BOMB, '<!DOCTYPE s SYSTEM "http://127.0.0.1/x.dtd"><s/>'])
def test_no_document_type_is_taken(text: str) -> None:
    with pytest.raises(ValueError, match="document type"):
        from_xml(text)


@pytest.mark.parametrize("text", ["<s>&undefined;</s>", "<s>", "x", "<s/><s/>", "<a>" * 60 + "</a>" * 60])
def test_broken_xml(text: str) -> None:
    with pytest.raises(ValueError, match="it"):
        from_xml(text)


@pytest.mark.parametrize("text", ["{", "nan?", "[" * 100_000, '{"a":' * 5000 + "1" + "}" * 5000])
def test_broken_json(text: str) -> None:
    with pytest.raises(ValueError, match="not valid JSON"):
        from_json(text)


def test_nothing_says_nothing() -> None:
    assert from_json(" ") == from_xml("\n") == from_xml("<a/>") == from_json("[]") == {}


def test_many_neighbours_cost_no_more_than_themselves() -> None:
    assert len(from_json(json.dumps({"a": {str(n): "x" for n in range(5000)}}))) == 5000
    attributes = " ".join(f"k{n}='v'" for n in range(1000))
    assert len(from_xml(f"<s><a {attributes}/></s>")) == 1000


NODES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=5), below, max_size=4),
)


@given(NODES)
def test_any_json_becomes_rows_of_texts(tree: object) -> None:
    found = from_json(json.dumps(tree))
    assert all(isinstance(key, str) and isinstance(value, str) for key, value in found.items())
