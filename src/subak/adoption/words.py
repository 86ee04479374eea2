"""How figures are said to people."""

from __future__ import annotations


def size(bytes: float) -> str:
    """34200000 → '34.2 MB' (decimal units)."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(bytes) < 999.5 or unit == "TB":
            return f"{bytes:.0f} {unit}" if unit == "B" or abs(bytes) >= 99.95 else f"{bytes:.1f} {unit}"
        bytes /= 1000
    raise AssertionError("the loop returns at its last unit")


def counted(number: int, one: str, many: str = "") -> str:
    """1 → '1 request', 1234 → '1 234 requests'."""
    return f"{number:,} ".replace(",", " ") + (one if number == 1 else many or f"{one}s")


def percent(ratio: float | None) -> str:
    """0.987 → '98.7 %'; None → '-'."""
    return "-" if ratio is None else f"{100 * ratio:.1f} %"
