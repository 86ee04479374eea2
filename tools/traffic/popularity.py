"""What is popular: names and weights of packages, from public download counts and, where none exist, invented.

`popularity.tsv.gz` holds the 15,000 most downloaded npm packages with their downloads in one month of 2026 (three
digits) and 14,985 most downloaded Python packages by rank. Origin: public download counts, autumn 2026; facts only.
"""

from __future__ import annotations

import gzip
from functools import cache
from pathlib import Path

from tools.traffic.chance import stream

FILE = Path(__file__).parent / "popularity.tsv.gz"
SIZES = {"maven": 6000, "cargo": 5000, "rubygems": 4000, "go": 4000, "debian": 4000}
"""Packages invented for ecosystems without a public list of names and counts."""


@cache
def _read() -> dict[str, list[tuple[str, float]]]:
    found: dict[str, list[tuple[str, float]]] = {"npm": [], "pypi": []}
    for line in gzip.decompress(FILE.read_bytes()).decode().splitlines():
        ecosystem, name, count = line.split("\t")
        found[ecosystem].append((name, float(count)))
    return found


@cache
def curve() -> list[float]:
    """Weights by rank, as measured for npm; used wherever only ranks are known."""
    return [count for _, count in _read()["npm"]]


@cache
def _words() -> list[str]:
    """Ordinary words, from the names of Python packages."""
    words: dict[str, None] = {}
    for name, _ in _read()["pypi"]:
        for word in name.split("-"):
            if word.isalpha() and 3 <= len(word) <= 9:
                words[word] = None
    return list(words)[:1200]


def _invented(ecosystem: str, number: int) -> str:
    rng = stream("name", ecosystem, number)
    words = _words()
    first, second, third = rng.choice(words), rng.choice(words), rng.choice(words)
    match ecosystem:
        case "maven":
            return f"org.example.{first}:{second}-{third}"
        case "go":
            owner = first.capitalize() if number % 9 == 0 else first  # capitals are escaped on the wire
            return f"code.example/{owner}/{second}-{third}"
        case "debian":
            return f"lib{first}-{second}" if number % 3 else f"{first}-{second}"
    return f"{first}_{second}" if number % 5 == 0 else f"{first}-{second}"


@cache
def ranking(ecosystem: str) -> tuple[list[str], list[float]]:
    """Names, most popular first, and their weights."""
    if ecosystem in ("npm", "pypi"):
        rows = _read()[ecosystem]
        return [name for name, _ in rows], curve()[: len(rows)]
    names: dict[str, None] = {}
    for number in range(SIZES[ecosystem]):
        names[_invented(ecosystem, number)] = None
    return list(names), curve()[: len(names)]
