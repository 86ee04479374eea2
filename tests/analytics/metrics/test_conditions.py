"""The language of --where: what it means, what it refuses and where it says the mistake is."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.analytics.metrics.catalogue import DIMENSIONS
from subak.analytics.metrics.conditions import DEEPEST, EVERYTHING, LONGEST, number_of, parse, text_of
from subak.errors import BadRequest


@pytest.mark.parametrize(
    ("text", "sql", "values"),
    [
        ("ecosystem = npm", '"ecosystem" = ?', ["npm"]),
        ("Ecosystem != 'a b'", '"ecosystem" <> ?', ["a b"]),
        ("status >= 400 and status<500", '("status" >= ? AND "status" < ?)', [400, 500]),
        ("a or b", None, "at character 1: expected a dimension, found 'a'"),
        ("kind = a or kind = b and kind = c", '("kind" = ? OR ("kind" = ? AND "kind" = ?))', ["a", "b", "c"]),
        ("(kind=a or kind=b) and not ci = TRUE", '(("kind" = ? OR "kind" = ?) AND (NOT "ci" = ?))', ["a", "b", True]),
        ("kind in (a, 'b')", '"kind" IN (?, ?)', ["a", "b"]),
        ("kind not in (a)", '"kind" NOT IN (?)', ["a"]),
        ("purl like pkg:npm/left_*", "\"purl\" LIKE ? ESCAPE '\\'", ["pkg:npm/left\\_%"]),
        ("purl not like '100%'", "\"purl\" NOT LIKE ? ESCAPE '\\'", ["100\\%"]),
        ("kind = 'it''s'", '"kind" = ?', ["it's"]),
        ("kind = ''", '"kind" = ?', [""]),
        ("kind = or", '"kind" = ?', ["or"]),
        ("day = 1970-01-02", '"day" = ?', [1]),
        ("hour < 1970-01-02T03", '"hour" < ?', [27]),
        ("weekday in (sat, SUN)", '"weekday" IN (?, ?)', [5, 6]),
        ("consumer = c-1", '"consumer_name" = ?', ["c-1"]),
        ("ecosystm = npm", None, "at character 1: expected a dimension, found 'ecosystm'; did you mean 'ecosystem'?"),
        ("status = many", None, "at character 10: expected a whole number, found 'many'"),
        ("day = 2026-13-01", None, "at character 7: expected a day as 2026-10-05"),
        ("hour = 2026-10-01", None, "expected an hour as"),
        ("ci = yes", None, "expected true or false"),
        ("weekday = Caturday", None, "expected one of Mon"),
        ("kind > a", None, "at character 6: expected '=', '!=', 'in' or 'like', found '>': kind has no order"),
        ("status like 4*", None, "status is not text"),
        ("kind =", None, "at character 7: expected a value, found the end"),
        ("kind", None, "at character 5: expected one of"),
        ("kind = a kind = b", None, "at character 10: expected 'and', 'or' or the end, found 'kind'"),
        ("(kind = a", None, "expected ')'"),
        ("kind in a", None, "expected '('"),
        ("kind in ()", None, "expected a value"),
        ("kind = 'a", None, "at character 8: a quote that is not closed"),
        ("kind ! a", None, "at character 6: '!', which means nothing here"),
        ("'kind' = a", None, "expected a dimension"),
    ],
)
def test_conditions(text: str, sql: str | None, values: object) -> None:
    if sql is None:
        with pytest.raises(BadRequest, match=re.escape(str(values))):
            parse(text)
    else:
        found = parse(text)
        assert (found.sql, list(found.values)) == (sql, values)


def test_nothing_asked_is_everything() -> None:
    assert parse(" ") == EVERYTHING


def test_length_and_depth_are_limited() -> None:
    with pytest.raises(BadRequest, match="levels"):
        parse("(" * (DEEPEST + 1) + "kind = a" + ")" * (DEEPEST + 1))
    with pytest.raises(BadRequest, match="characters"):
        parse("kind = " + "a" * LONGEST)
    assert parse(" and ".join(["kind = a"] * 500)).columns == {"kind"}


WORDS = [
    *DIMENSIONS,
    "and",
    "or",
    "not",
    "in",
    "like",
    "(",
    ")",
    ",",
    "=",
    "!=",
    "<",
    "'x y'",
    '"',
    "7",
    "2026-10-05",
    "%;--",
    "é",
]


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)))
def test_any_text_is_a_condition_or_a_bad_request_that_says_where(text: str) -> None:
    assert understood(text)


def understood(text: str) -> bool:
    """Parsed to SQL without any value in it, or refused with a place within the text."""
    try:
        found = parse(text)
    except BadRequest as error:
        place = re.match(r"at character ([0-9]+): ", str(error))
        return place is not None and int(place[1]) <= len(text) + 1
    return found.sql.count("?") == len(found.values) and bool(re.fullmatch(r"""[A-Z"a-z_?()=<>,\\' ]*""", found.sql))


NAMES = ["kind", "method", "software"]
VALUES = ["a", "b", "it's", "50%", "x_y", ""]


@st.composite
def meanings(draw: st.DrawFn, depth: int = 3) -> tuple[str, object]:
    """A condition as text, and as a nested tuple that Python evaluates."""
    if depth and draw(st.booleans()):
        kind = draw(st.sampled_from(["and", "or", "not"]))
        left, a = draw(meanings(depth - 1))
        if kind == "not":
            return f"not ({left})", ("not", a)
        right, b = draw(meanings(depth - 1))
        return f"({left}) {kind} ({right})", (kind, a, b)
    name, value = draw(st.sampled_from(NAMES)), draw(st.sampled_from(VALUES))
    quoted = "'" + value.replace("'", "''") + "'"
    sign = draw(st.sampled_from(["=", "!=", "in", "like"]))
    return f"{name} {sign} {f'({quoted})' if sign == 'in' else quoted}", (sign, name, value)


def holds(meaning: object, row: dict[str, str]) -> bool:
    match meaning:
        case ("and", a, b):
            return holds(a, row) and holds(b, row)
        case ("or", a, b):
            return holds(a, row) or holds(b, row)
        case ("not", a):
            return not holds(a, row)
        case ("!=", str(name), value):
            return row[name] != value
        case (_, str(name), value):
            return row[name] == value
    raise AssertionError(meaning)


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


@given(asked=meanings(), row=st.fixed_dictionaries({name: st.sampled_from(VALUES) for name in NAMES}))
def test_the_engine_finds_what_the_condition_means(
    engine: duckdb.DuckDBPyConnection, asked: tuple[str, object], row: dict[str, str]
) -> None:
    text, meaning = asked
    condition = parse(text)
    picked = ", ".join(f'CAST(? AS VARCHAR) AS "{name}"' for name in row)
    query = f"SELECT {condition.sql} FROM (SELECT {picked})"
    ((found,),) = engine.execute(query, [*condition.values, *row.values()]).fetchall()
    assert found is holds(meaning, row)


@pytest.mark.parametrize(
    ("shown", "text"), [("day", "2026-10-05"), ("hour", "2026-10-05T09"), ("weekday", "Wed"), ("text", "x")]
)
def test_what_is_shown_can_be_asked_for(shown: str, text: str) -> None:
    assert text_of(shown, number_of(shown, text)) == text
