"""The small language of `--where`: conditions on dimensions, to SQL in which every value is a parameter.

    ecosystem = npm and (status >= 400 or purl like 'pkg:npm/left*') and not day in (2026-10-05, 2026-10-06)

`or` binds weaker than `and`, that weaker than `not`. Words need quotes only around spaces and ( ) , = ! < > ' ".
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

from subak.analytics.metrics.catalogue import DIMENSIONS, Dimension
from subak.errors import BadRequest

LONGEST: Final = 10_000
"""Characters of a condition."""
DEEPEST: Final = 50
"""Levels of parentheses and `not`."""
WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
Parameter: TypeAlias = str | int | bool

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*")|(?P<sign><=|>=|!=|<>|[=<>(),])|(?P<word>[^\s()=,<>!'"]+))"""
)
_SIGNS: Final = {"=": "=", "!=": "<>", "<>": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL with `?` for each of `values`, over the columns in `columns`."""

    sql: str
    values: tuple[Parameter, ...]
    columns: frozenset[str]


EVERYTHING: Final = Condition("true", (), frozenset())


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parse(text: str, dimensions: Mapping[str, Dimension] = DIMENSIONS) -> Condition:
    """The condition; EVERYTHING for an empty text. Raises BadRequest, which says where and what was expected."""
    if not text.strip():
        return EVERYTHING
    if len(text) > LONGEST:
        raise BadRequest(f"a condition has at most {LONGEST} characters, this one {len(text)}")
    return _Parser(_tokens(text), dimensions).whole()


def number_of(shown: str, text: str) -> Parameter:
    """A value as the column holds it. Raises ValueError, which says how it is written."""
    match shown:
        case "number":
            if not re.fullmatch(r"-?[0-9]{1,9}", text):
                raise ValueError("a whole number")
            return int(text)
        case "truth":
            if text.lower() not in ("true", "false"):
                raise ValueError("true or false")
            return text.lower() == "true"
        case "weekday":
            if text.title() not in WEEKDAYS:
                raise ValueError(f"one of {', '.join(WEEKDAYS)}")
            return WEEKDAYS.index(text.title())
        case "day" | "hour":
            return _moment(shown, text)
    return text


def text_of(shown: str, value: Parameter) -> str | int | bool:
    """The other way round: a value of the column as people read it."""
    match shown:
        case "day":
            return datetime.fromtimestamp(int(value) * 86400, UTC).strftime("%Y-%m-%d")
        case "hour":
            return datetime.fromtimestamp(int(value) * 3600, UTC).strftime("%Y-%m-%dT%H")
        case "weekday":
            return WEEKDAYS[int(value)]
    return value


def _moment(shown: str, text: str) -> int:
    form, length, how = ("%Y-%m-%d", 86400, "a day as 2026-10-05") if shown == "day" else (
        "%Y-%m-%dT%H", 3600, "an hour as 2026-10-05T09",
    )  # fmt: skip
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2})?", text):
        raise ValueError(how)
    try:
        moment = datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError as error:
        raise ValueError(how) from error
    return int(moment.timestamp()) // length


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            what = "a quote that is not closed" if text[at] in "'\"" else f"{text[at]!r}, which means nothing here"
            raise BadRequest(f"at character {at + 1}: {what}")
        found.append(_Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        at = match.end()
    return [*found, _Token("end", "", len(text))]


class _Parser:
    """One pass over the tokens; each method reads one rule and returns its SQL."""

    def __init__(self, tokens: list[_Token], dimensions: Mapping[str, Dimension]) -> None:
        self.tokens = tokens
        self.dimensions = dimensions
        self.next = 0
        self.depth = 0
        self.values: list[Parameter] = []
        self.columns: set[str] = set()

    def whole(self) -> Condition:
        sql = self.either()
        if self.here.kind != "end":
            raise self.error("'and', 'or' or the end")
        return Condition(sql, tuple(self.values), frozenset(self.columns))

    @property
    def here(self) -> _Token:
        return self.tokens[self.next]

    def error(self, expected: str, hint: str = "") -> BadRequest:
        token = self.here
        found = "the end" if token.kind == "end" else f"{token.text[:40]!r}"
        return BadRequest(f"at character {token.at + 1}: expected {expected}, found {found}{hint}")

    def said(self, *words: str) -> str:
        """Step over one of these words or signs and return it; '' if it is not here."""
        token = self.here
        if token.kind != "quoted" and token.text.lower() in words:
            self.next += 1
            return token.text.lower()
        return ""

    def either(self) -> str:
        parts = [self.both()]
        while self.said("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"

    def both(self) -> str:
        parts = [self.one()]
        while self.said("and"):
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"

    def one(self) -> str:
        self.depth += 1
        if self.depth > DEEPEST:
            raise BadRequest(f"at character {self.here.at + 1}: more than {DEEPEST} levels of parentheses and 'not'")
        if self.said("not"):
            sql = f"(NOT {self.one()})"
        elif self.said("("):
            sql = self.either()
            self.require(")")
        else:
            sql = self.test()
        self.depth -= 1
        return sql

    def require(self, sign: str) -> None:
        if not self.said(sign):
            raise self.error(repr(sign))

    def test(self) -> str:
        token = self.here
        name = token.text.lower()
        if token.kind != "word" or name not in self.dimensions:
            near = difflib.get_close_matches(name, self.dimensions, 1)
            raise self.error("a dimension", f"; did you mean {near[0]!r}?" if near else "")
        self.next += 1
        dimension = self.dimensions[name]
        self.columns.add(dimension.column)
        column = f'"{dimension.column}"'
        if sign := self.said(*_SIGNS):
            if sign not in ("=", "!=", "<>") and dimension.shown in ("text", "truth"):
                self.next -= 1
                raise self.error("'=', '!=', 'in' or 'like'", f": {name} has no order")
            return f"{column} {_SIGNS[sign]} {self.value(dimension)}"
        no = "NOT " if self.said("not") else ""
        if self.said("in"):
            self.require("(")
            values = [self.value(dimension)]
            while self.said(","):
                values.append(self.value(dimension))
            self.require(")")
            return f"{column} {no}IN ({', '.join(values)})"
        if self.here.text.lower() == "like" and dimension.shown != "text":
            raise self.error("a comparison", f": {name} is not text")
        if self.said("like"):
            return f"{column} {no}LIKE {self.value(dimension, _pattern)} ESCAPE '\\'"
        raise self.error("one of = != < <= > >= in like")

    def value(self, dimension: Dimension, change: Callable[[str], str] = lambda text: text) -> str:
        token = self.here
        if token.kind not in ("quoted", "word"):
            raise self.error("a value")
        quote = token.text[0] if token.kind == "quoted" else ""
        text = token.text[1:-1].replace(quote * 2, quote) if quote else token.text
        try:
            self.values.append(number_of(dimension.shown, change(text)))
        except ValueError as error:
            raise self.error(str(error)) from error
        self.next += 1
        return "?"


def _pattern(text: str) -> str:
    """`*` stands for anything, everything else for itself."""
    return re.sub(r"([\\%_])", r"\\\1", text).replace("*", "%")
