"""Lines that no log should hold and every log does: cut short, hostile, from elsewhere. With the truth of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from tools.traffic.catalogue import Request
from tools.traffic.chance import stream
from tools.traffic.formats import Format

LONG = 1_100_000
"""Characters of the longest line; one a log."""
STRANGER = "251.255.255.7"
"""Who sends what is hostile and yet a line."""

REJECTED = ("cut", "glued", "noise", "nul", "prose")
ACCEPTED = ("escapes", "markup", "formula", "foreign")
_AGENTS = {
    "escapes": "curl/8.5.0 \x1b[2J\x1b]0;owned\x07",
    "markup": "<script>alert(1)</script>'\"><img src=x onerror=alert(2)>",
    "formula": '=HYPERLINK("https://evil.example","click")',
}
_PROSE = ("==> access.log <==", "tail: access.log: file truncated", "-- MARK --", "Segmentation fault (core dumped)")


@dataclass(frozen=True, slots=True)
class Break:
    """One broken line. `fate`: rejected, accepted, or skipped (an empty line)."""

    file_line: int
    """From 1, header lines counted."""
    bytes: int
    """Its newline included."""
    kind: str
    fate: str


class Breaker:
    """Puts broken lines between sound ones, which stay as they were."""

    def __init__(self, seed: int, share: float, form: Format, other: Format) -> None:
        """`share`: broken lines for each sound one; `other` writes the foreign ones."""
        self._rng, self._share, self._form, self._other = stream(seed, "broken"), share, form, other
        self._count = form.head().count("\n")
        self._long = False
        self.made: list[Break] = []

    def among(self, second: int, lines: Sequence[str], requests: Sequence[Request]) -> list[str]:
        """These lines, some with a broken one behind them."""
        found = []
        for line, request in zip(lines, requests, strict=True):
            found.append(line)
            self._count += 1
            if self._rng.random() < self._share:
                found.append(self._broken(second, line, request))
        return found

    def _broken(self, second: int, line: str, request: Request) -> str:
        kind = self._rng.choice((*REJECTED, *ACCEPTED, "empty")) if self._long else "long"
        self._long = True
        if kind in _AGENTS:
            text = self._form.lines(second, STRANGER, "curl", _AGENTS[kind], [request])[0]
        elif kind == "foreign":
            text = self._other.lines(second, STRANGER, "curl", "curl/8.5.0", [request])[0]
        else:
            text = _spoilt(kind, line, request.path, self._rng) + "\n"
        self._count += 1
        fate = "accepted" if kind in ACCEPTED else "skipped" if kind == "empty" else "rejected"
        self.made.append(Break(self._count, len(text.encode("utf-8", "surrogateescape")), kind, fate))
        return text


def _spoilt(kind: str, line: str, path: str, rng: Random) -> str:
    """What is left of a line, without its newline."""
    stem = path.partition("?")[0]
    begin = line.index(stem)
    cut = line[: begin + rng.randrange(len(stem))]
    match kind:
        case "cut":
            return cut
        case "glued":  # two processes wrote at once
            return cut + line[:begin]
        case "noise":
            return bytes(rng.choice(range(0x80, 0x100)) for _ in range(40)).decode("utf-8", "surrogateescape")
        case "nul":
            return "\0" * 64
        case "prose":
            return rng.choice(_PROSE)
        case "long":
            return cut + "A" * LONG
    return ""
