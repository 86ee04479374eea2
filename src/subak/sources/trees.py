"""JSON, TOML and XML settings as flat rows: {'mirrors.mirror.url': 'https://…'}.

Names are joined by dots, an attribute follows an '@', and the outermost XML element has no name. Of a list, or of
elements of one name, the first that says something counts; another one is reached by what stands beside it:
'mirrors.mirror[mirrorOf=central].url', 'packageSources.add[key=corp]@value', 'index[default=true].url'.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

MOST_BESIDE = 32
"""Texts of one element that others are reached by; what has more is no setting."""
DEEPEST = 50
"""Elements within each other."""


def from_json(text: str) -> dict[str, str]:
    """Every text in a JSON document. Raises ValueError, without quoting it."""
    try:
        return _flat(json.loads(text) if text.strip() else {})
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not valid JSON") from error


def from_toml(text: str) -> dict[str, str]:
    """Every text in a TOML document. Raises ValueError, without quoting it."""
    try:
        return _flat(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError("it is not valid TOML") from error


def _flat(tree: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in _rows(tree, ""):
        found.setdefault(key, value)
    return found


def _rows(node: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(node, str):
        yield name, node
    elif isinstance(node, list):
        for item in node:
            yield from _rows(item, name)
    elif isinstance(node, dict):
        texts = {key: value for key, value in node.items() if isinstance(value, str)}
        flags = {key: str(value).lower() for key, value in node.items() if isinstance(value, bool)}
        yield from ((_joined(name, key), value) for key, value in texts.items())
        yield from _reached(name, ".", texts, texts | flags)
        for key, value in node.items():
            if not isinstance(value, str):
                yield from _rows(value, _joined(name, key))


def _joined(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key


def _reached(name: str, mark: str, texts: Mapping[str, str], beside: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each text under what stands beside it: 'mirror[id=a].url'."""
    if not name or len(beside) > MOST_BESIDE:
        return
    for key, value in texts.items():
        yield from ((f"{name}[{k}={v}]{mark}{key}", value) for k, v in beside.items() if k != key and len(v) < 200)


def from_xml(text: str) -> dict[str, str]:
    """Every text and attribute in an XML document; namespaces are ignored. Raises ValueError, without quoting it.

    A document type is refused: settings need none, and entities are how XML reads other files or explodes.
    """
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")  # whatever it declares: it has been decoded already
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.doctype
    try:
        if text.strip():
            parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        raise ValueError("it is not valid XML") from error
    return reader.found


@dataclass(slots=True)
class _Element:
    """One that is open."""

    name: str
    """Dotted, '' for the outermost."""
    own: list[str] = field(default_factory=list)
    children: dict[str, str] = field(default_factory=dict)
    """The texts of its children, by their names."""


class _Reader:
    """Takes the parser's events."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self._open: list[_Element] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if len(self._open) >= DEEPEST:
            raise ValueError("its elements lie too deep within each other")
        name = _joined(self._open[-1].name, _local(tag)) if self._open else ""
        self._open.append(_Element(name))
        named = {_local(key): value for key, value in attributes.items()}
        self._keep((f"{name}@{key}", value) for key, value in named.items())
        self._keep(_reached(name, "@", named, named))

    def end(self, tag: str) -> None:
        element = self._open.pop()
        self._keep(_reached(element.name, ".", element.children, element.children))
        value = "".join(element.own).strip()
        if value and self._open:
            self._keep([(element.name, value)])
            self._open[-1].children.setdefault(_local(tag), value)

    def text(self, data: str) -> None:
        if self._open:
            self._open[-1].own.append(data)

    def doctype(self, *_: object) -> None:
        raise ValueError("it has a document type, which settings do not need")

    def _keep(self, rows: Iterable[tuple[str, str]]) -> None:
        for key, value in rows:
            self.found.setdefault(key, value)


def _local(name: str) -> str:
    return name.rpartition(":")[2]
