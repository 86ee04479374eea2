"""Rows of the table: what was measured, the target beside it, and how they are printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Target:
    """A bound that the figure is held against: at most, or with `least` at least, or with `exactly` that number."""

    bound: float
    how: str = "≤"
    unit: str = "×"

    def met(self, figure: float) -> bool:
        """Compares the figure as measured, not as printed."""
        match self.how:
            case "≤":
                return figure <= self.bound
            case "≥":
                return figure >= self.bound
            case "=":
                return figure == self.bound
        raise ValueError(f"no such bound: {self.how}")

    def __str__(self) -> str:
        return f"{self.how} {self.bound:g} {self.unit}".strip()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `figure` is what the target is about; absence is a `missing` with the reason."""

    group: str
    what: str
    subak: str = ""
    against: str = ""
    figure: float = 0.0
    unit: str = "×"
    target: Target | None = None
    note: str = ""
    missing: str = ""
    raw: Mapping[str, object] = field(default_factory=dict)
    """Every number behind the line, for --json."""

    @property
    def shown(self) -> str:
        """The figure as people read it."""
        if self.missing:
            return "NOT MEASURED"
        size = abs(self.figure)
        text = f"{self.figure:.0f}" if size >= 20 or self.unit in ("fetch", "answers") else f"{self.figure:.2f}"
        return f"{text} {self.unit}"

    @property
    def verdict(self) -> str:
        """'met', 'falls short', or nothing where there is no target."""
        if self.target is None or self.missing:
            return ""
        return "met" if self.target.met(self.figure) else "falls short"

    def as_json(self) -> dict[str, object]:
        """The row for programs."""
        plain = asdict(self)
        plain["target"] = str(self.target) if self.target else ""
        return {**plain, "verdict": self.verdict}


HEADING = ("what", "Subak", "against", "figure", "target", "verdict")


def cells(row: Row) -> tuple[str, ...]:
    """One row as texts in the order of HEADING."""
    if row.missing:
        return row.what, "—", "—", row.shown, str(row.target or ""), "!! " + " ".join(row.missing.split())[:240]
    what = f"{row.what} ({row.note})" if row.note else row.what
    return what, row.subak, row.against, row.shown, str(row.target or ""), row.verdict


def as_text(rows: Iterable[Row], titles: Mapping[str, str]) -> str:
    """The whole table for a terminal, one block for each group."""
    rows = list(rows)
    texts = [HEADING, *(cells(row) for row in rows)]
    widths = [max(len(text[column]) for text in texts) for column in range(len(HEADING))]
    lines = [_line(HEADING, widths), "  ".join("-" * width for width in widths)]
    for group, members in _grouped(rows):
        lines += ["", titles[group], *(_line(cells(row), widths) for row in members)]
    return "\n".join(lines) + "\n"


def as_markdown(rows: Iterable[Row], titles: Mapping[str, str]) -> str:
    """The same table for a page, one table for each group."""
    lines: list[str] = []
    for group, members in _grouped(list(rows)):
        lines += [f"### {titles[group]}", "", f"| {' | '.join(HEADING)} |", "|---|---|---|---:|---|---|"]
        for row in members:
            texts = [text.replace("|", "\\|") for text in cells(row)]
            texts[-1] = {"met": "met", "falls short": "**falls short**"}.get(texts[-1], texts[-1])
            lines.append(f"| {' | '.join(texts)} |")
        lines.append("")
    return "\n".join(lines)


def _grouped(rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    return list(groups.items())


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(text.ljust(width) for text, width in zip(texts, widths, strict=True)).rstrip()
