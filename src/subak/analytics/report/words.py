"""How figures are said to people: rounded, with their unit; and how text of strangers is made harmless."""

from __future__ import annotations

import time
from decimal import Decimal

from subak.analytics.logs.fields import printable

NOTHING = "–"
"""Said where a figure cannot be known."""
THIN = "\u202f"
"""Between groups of three digits: narrow, and no line breaks there."""
SIZES = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet calculate instead of show (OWASP: CSV injection)."""


def number(value: float | None, *, digits: int = 0) -> str:
    """1234567 → '1 234 567'."""
    return NOTHING if value is None else f"{value:,.{digits}f}".replace(",", THIN)


def share(value: float | None) -> str:
    """0.8264 → '82.6 %'; what is there is never said to be 0.0 %, and what lacks something never 100.0 %."""
    if value is None:
        return NOTHING
    if 0 < value < 0.0005:
        return "< 0.1 %"
    return "> 99.9 %" if 0.9995 <= value < 1 else f"{100 * value:.1f} %"


def size(value: float | None) -> str:
    """34200000 → '34.2 MB' (decimal units)."""
    if value is None:
        return NOTHING
    amount = float(value)
    for unit in SIZES:
        if abs(amount) < 999.5 or unit == SIZES[-1]:
            return f"{amount:.0f} {unit}" if unit == "B" or abs(amount) >= 99.95 else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError("the loop returns at its last unit")


def factor(value: float | None) -> str:
    """2.646 → '2.6 ×'."""
    return NOTHING if value is None else f"{number(value, digits=1)} ×"


def money(value: Decimal | None, currency: str = "") -> str:
    """Decimal('1234.5') → 'EUR 1 234.50'."""
    return NOTHING if value is None else f"{currency} {value:,.2f}".strip().replace(",", THIN)


def amount(value: float | Decimal | None, unit: str, currency: str = "") -> str:
    """A figure of any unit that the report knows."""
    if isinstance(value, Decimal):
        return money(value, currency)
    match unit:
        case "share":
            return share(value)
        case "bytes":
            return size(value)
        case "factor":
            return factor(value)
        case "seconds":
            return NOTHING if value is None else span(value)
    return number(value, digits=0 if value is None or float(value).is_integer() else 2)


def span(seconds: float) -> str:
    """604800 → '7 days'; rounded to what people would say."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 1.98 * length or abs(seconds - length) < 0.02 * length:
            count = round(seconds / length)
            return f"{number(count)} {unit}{'' if count == 1 else 's'}"
    count = round(seconds)
    return f"{count} second{'' if count == 1 else 's'}"


def moment(at: float) -> str:
    """Unix seconds → '2026-10-05 00:00' UTC."""
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(at))


def day(at: float) -> str:
    """Unix seconds → '5 Oct 2026' UTC."""
    return time.strftime("%d %b %Y", time.gmtime(at)).removeprefix("0")


def iso(start: float, end: float) -> str:
    """An ISO 8601 interval in UTC, to the minute."""
    return "/".join(time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(at)) for at in (start, end))


def shown(text: str) -> str:
    """Text of anybody: what a terminal or a page might obey is written out. Our own narrow spaces stay."""
    return THIN.join(map(printable, text.split(THIN)))


def harmless(text: str) -> str:
    """Text of strangers for a terminal or a file that a spreadsheet may open: nothing in it is obeyed."""
    plain = printable(text)
    return f"'{plain}" if plain.startswith(FORMULA) else plain
