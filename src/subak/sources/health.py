"""Whether an upstream host is worth asking right now."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class _State:
    failures: int = 0
    closed_until: float = 0.0


@dataclass(slots=True)
class Health:
    """Remembers failures per origin. After `tolerated` in a row the origin is left alone for `cool_down`
    seconds; then one more failure suffices. Times are monotonic seconds."""

    cool_down: float
    tolerated: int = 5
    _states: dict[str, _State] = field(default_factory=dict)

    def wait(self, origin: str, now: float) -> float:
        """Seconds until the origin may be asked again, 0 if now."""
        state = self._states.get(origin)
        return max(0.0, state.closed_until - now) if state else 0.0

    def succeeded(self, origin: str) -> None:
        """The origin answered."""
        self._states.pop(origin, None)

    def failed(self, origin: str, now: float, retry_after: float = 0.0) -> None:
        """It did not, or asked for a pause of `retry_after` seconds (honoured up to five minutes)."""
        if len(self._states) > 1000 and origin not in self._states:
            self._states.clear()
        state = self._states.setdefault(origin, _State())
        state.failures += 1
        if retry_after > 0:
            state.closed_until = now + min(retry_after, 300.0)
        elif state.failures >= self.tolerated:
            state.closed_until = now + self.cool_down
