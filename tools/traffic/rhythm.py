"""When things happen: office hours, night jobs, timers, no hours at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

from tools.traffic.chance import Urn

HOUR, DAY = 3600, 86_400

_PEOPLE = (1, 1, 1, 1, 1, 1, 2, 5, 14, 22, 25, 23, 15, 20, 24, 24, 21, 14, 8, 7, 7, 6, 4, 2)
_BUILDS = (6, 5, 5, 5, 5, 6, 7, 9, 14, 18, 20, 19, 16, 18, 20, 20, 18, 14, 11, 9, 9, 8, 7, 6)
_WEEK = {"office": (1, 1.05, 1.05, 1, 0.85, 0.06, 0.05), "home": (0.8, 0.8, 0.8, 0.8, 0.8, 1, 1),
         "builds": (1, 1.05, 1.05, 1, 0.9, 0.3, 0.28)}  # fmt: skip
_DAY = {
    "office": _PEOPLE,
    "builds": _BUILDS,
    "home": (3, 2, 1, 1, 1, 1, 1, 2, 4, 6, 7, 7, 7, 7, 8, 9, 9, 11, 14, 18, 20, 19, 14, 7),
}


class Window:
    """The time that a log covers. Starts at a full hour, UTC."""

    def __init__(self, start: datetime, days: int) -> None:
        self.start = start.astimezone(UTC)
        self.seconds = days * DAY
        self._urns: dict[tuple[str, int], Urn[int]] = {}

    def at(self, second: int) -> datetime:
        """The moment so many seconds into the window."""
        return self.start + timedelta(seconds=second)

    def times(self, rng: Random, rhythm: str, zone: int, count: int) -> list[int]:
        """`count` beginnings, in seconds from the start, sorted.

        Rhythms: office, home and builds follow the local hours of a zone (hours east); flat knows none; timer comes
        at equal distances; nightly at one minute of one hour of each day.
        """
        match rhythm:
            case "flat":
                found = [rng.randrange(self.seconds) for _ in range(count)]
            case "timer":
                step = self.seconds / max(1, count)
                first = rng.random() * step
                found = [min(self.seconds - 1, int(first + i * step + rng.random() * 2)) for i in range(count)]
            case "nightly":
                moment = rng.randrange(1, 5) * HOUR + rng.randrange(60) * 60
                days = self.seconds // DAY
                found = [(i % days) * DAY + moment + rng.randrange(4) for i in range(count)]
            case _:
                urn = self._urn(rhythm, zone)
                found = [urn.draw(rng) * HOUR + rng.randrange(HOUR) for _ in range(count)]
        return sorted(found)

    def _urn(self, rhythm: str, zone: int) -> Urn[int]:
        found = self._urns.get((rhythm, zone))
        if found is None:
            hours: Sequence[int] = range(self.seconds // HOUR)
            weights = []
            for hour in hours:
                local = self.start + timedelta(hours=hour + zone)
                weights.append(_WEEK[rhythm][local.weekday()] * _DAY[rhythm][local.hour])
            found = self._urns[rhythm, zone] = Urn(hours, weights)
        return found
