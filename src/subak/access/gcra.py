"""The allowance of each consumer: a leaky bucket that remembers one number per consumer (GCRA)."""

from __future__ import annotations


class Limiter:
    """Generic cell rate algorithm (ITU-T I.371). One theoretical arrival time per consumer, no timers.

    `rate` is requests per second, 0 for no limit; `burst` how many may come at once.
    """

    def __init__(self, rate: float, burst: int, remembered: int = 200_000) -> None:
        self._gap = 1.0 / rate if rate > 0 else 0.0
        self._slack = self._gap * max(burst - 1, 0)
        self._due: dict[str, float] = {}
        self._remembered = remembered

    def take(self, consumer: str, now: float) -> float:
        """Count one request at the monotonic time `now`: 0 if it fits, else seconds to wait (nothing is counted)."""
        due = self._due.get(consumer, 0.0)
        if due < now:
            due = now
        wait = due - now - self._slack
        if wait > 1e-9:
            return wait
        if len(self._due) >= self._remembered:
            self._forget(now)
        self._due[consumer] = due + self._gap
        return 0.0

    def _forget(self, now: float) -> None:
        """Drop consumers whose bucket is empty again: forgetting them changes no answer."""
        self._due = {c: due for c, due in self._due.items() if due > now}
        if len(self._due) >= self._remembered:  # all of them busy: start anew rather than grow for ever
            self._due.clear()
