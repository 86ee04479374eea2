"""What became of every line and byte of every source; the sums must agree."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Count:
    """Lines, and their bytes with newlines."""

    lines: int = 0
    bytes: int = 0

    def add(self, lines: int, size: int) -> None:
        """Count more of them."""
        self.lines += lines
        self.bytes += size


@dataclass(slots=True)
class Tally:
    """One source."""

    source: str
    format: str = ""
    """By which most lines were read; '' when none was recognised."""
    bytes: int = 0
    """That came in, after decompression."""
    accepted: Count = field(default_factory=Count)
    rejected: Count = field(default_factory=Count)
    skipped: Count = field(default_factory=Count)
    """Headers and empty lines."""
    rescued: int = 0
    """Accepted lines that are in another format than most."""
    problem: str = ""
    """Why it could not be read to its end."""

    def close(self, delivered: int) -> None:
        """Note what came in. Raises AssertionError if a byte is unaccounted for: a bug of ours."""
        self.bytes = delivered
        told = self.accepted.bytes + self.rejected.bytes + self.skipped.bytes
        if told != delivered:
            raise AssertionError(f"{self.source}: {delivered} bytes came in, {told} are accounted for")


@dataclass(slots=True)
class Ledger:
    """All sources of one run."""

    tallies: list[Tally] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """That came in."""
        return sum(tally.bytes for tally in self.tallies)

    def total(self, what: str) -> Count:
        """The sum over the sources of 'accepted', 'rejected' or 'skipped'."""
        counts: list[Count] = [getattr(tally, what) for tally in self.tallies]
        return Count(sum(count.lines for count in counts), sum(count.bytes for count in counts))

    @property
    def problems(self) -> list[str]:
        """Sources that could not be read to their end, and why."""
        return [f"{tally.source}: {tally.problem}" for tally in self.tallies if tally.problem]
