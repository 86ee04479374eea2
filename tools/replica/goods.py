"""What can be asked for: invented packages of ten ecosystems, their paths, and in which order clients take them."""

from __future__ import annotations

import hashlib
import math
from bisect import bisect
from functools import cache
from itertools import accumulate
from random import Random

SYLLABLES = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]
COUNTS = {"pypi": 5000, "npm": 7000, "maven": 3000, "cargo": 2500, "rubygems": 2000, "go": 2000, "debian": 2500,
          "conda": 1500, "nuget": 1500, "oci": 800}  # fmt: skip
MEDIANS = {"pypi": 60e3, "npm": 18e3, "maven": 90e3, "cargo": 35e3, "rubygems": 50e3, "go": 80e3, "debian": 120e3,
           "conda": 250e3, "nuget": 150e3, "oci": 9e6}  # fmt: skip
KEPT = ("artifact", "metadata", "derived")

Ask = tuple[str, str, str, str, str, str, str, int, int, int]
"""ecosystem, kind, name, version, host, method, path, status, sent, item: a row of the truth's requests."""


class Store:
    """Every request that was ever made, each under one number."""

    def __init__(self) -> None:
        self.rows: list[Ask] = []
        self._numbers: dict[tuple[str, str, int, int], int] = {}
        self._items: dict[str, int] = {}

    def ask(
        self, eco: str, kind: str, path: str, size: float, name: str = "", version: str = "", *,
        method: str = "GET", status: int = 200,
    ) -> int:  # fmt: skip
        """The number of this request."""
        sent = 0 if method == "HEAD" or status == 304 else int(size)
        key = (path, method, status, sent)
        if key not in self._numbers:
            item = self._items.setdefault(path, len(self._items)) if kind in KEPT else -1
            self._numbers[key] = len(self.rows)
            host = f"{eco}.mirror.example"
            self.rows.append((eco, kind, name, version, host, method, path, status, sent, item))
        return self._numbers[key]

    def again(self, number: int, *, method: str = "GET", status: int = 200) -> int:
        """The same path, asked or answered otherwise."""
        eco, kind, name, version, _, _, path, _, sent, _ = self.rows[number]
        return self.ask(eco, kind, path, sent, name, version, method=method, status=status)


def _word(number: int) -> str:
    found = number * 7919 % 343_000  # 70 ** 3 words: no two numbers share one
    return SYLLABLES[found % 70] + SYLLABLES[found // 70 % 70] + SYLLABLES[found // 4900]


@cache
def _ladder(eco: str) -> list[float]:
    """Zipf–Mandelbrot: rank r weighs (r + 15) ** -1.1."""
    return list(accumulate((rank + 15) ** -1.1 for rank in range(COUNTS[eco])))


def draw(eco: str, rng: Random) -> int:
    """The rank of a package, by popularity."""
    ladder = _ladder(eco)
    return min(bisect(ladder, rng.random() * ladder[-1]), len(ladder) - 1)


def tree(eco: str, rng: Random, roots: int) -> list[int]:
    """Ranks that these many roots need: three levels, each reaching for what is more popular."""
    found, level = {}, [draw(eco, rng) for _ in range(roots)]
    for _ in range(1 if eco in ("debian", "oci") else 3):
        found.update(dict.fromkeys(level))
        level = [
            int(r * own.triangular(0, 1, 0.1)) for r in level for own in [Random(r)] for _ in range(own.randrange(4))
        ]
    return list(found)


class Package:
    """One package: its documents, and for each version its files."""

    def __init__(self, store: Store, eco: str, rank: int) -> None:
        own = Random(f"{eco}-{rank}")
        self.eco, self._store, self._size = (
            eco,
            store,
            MEDIANS[eco] * math.exp(own.gauss(0, 1.3)) + own.paretovariate(1),
        )
        self.shape, self.versions = own.random(), 1 + int(own.expovariate(1 / 9))
        word, other = _word(rank), _word(rank + 150_000)
        self.name = {
            "npm": f"@{other}/{word}" if rank % 4 == 1 else word, "maven": f"io.{other}:{word}-core",
            "go": f"code.example/{word.title() if rank % 5 == 0 else word}/{other}", "nuget": f"{word}.{other}",
            "oci": f"library/{word}" if rank < 50 else f"{other}/{word}", "debian": f"lib{word}{rank % 9}",
        }.get(eco, f"{word}-{other}" if rank % 3 == 0 else word)  # fmt: skip

    def pages(self) -> list[int]:
        """Its mutable documents, as numbers of requests."""
        n, word = self.name, self.name.lower()
        path = {
            "pypi": f"/simple/{n}/", "npm": "/" + n.replace("/", "%2F"), "go": f"/{bang(n)}/@v/list",
            "maven": f"/maven2/{folder(n)}/maven-metadata.xml", "cargo": f"/{word[:2]}/{word[2:4]}/{word}",
            "rubygems": f"/info/{n}", "nuget": f"/v3-flatcontainer/{n}/index.json",
        }.get(self.eco)  # fmt: skip
        return [self._store.ask(self.eco, "index", path, 300 + 90 * self.versions, n)] if path else []

    def files(self, version: int) -> tuple[list[int], list[int], list[int]]:
        """Of a version (0 the oldest): small ones before, main ones, and what only mirrors take."""
        n, v, size = (
            self.name,
            f"{1 + version // 6}.{version % 6}.{len(self.name) % 4}",
            self._size * (1 + version / 50),
        )
        add = self._store.ask
        match self.eco:
            case "pypi":
                stem = f"{n.replace('-', '_')}-{v}"
                ends = ("cp311-cp311-musllinux_1_2_x86_64", "cp311-cp311-macosx_12_0_x86_64")
                wheels = [place(f"{stem}-{e}.whl") for e in (("py3-none-any",) if self.shape < 0.6 else ends)]
                first, *more = [add("pypi", "artifact", w, size, n, v) for w in (*wheels, place(f"{stem}.tar.gz"))]
                return [add("pypi", "metadata", wheels[0] + ".metadata", 2500, n, v)], [first], more
            case "npm":
                return [], [add("npm", "artifact", f"/{n}/-/{n.rpartition('/')[2]}-{v}.tgz", size, n, v)], []
            case "maven":
                stem = f"/maven2/{folder(n)}/{v}/{n.partition(':')[2]}-{v}"
                pom, jar = [add("maven", "artifact", stem + end, s, n, v) for end, s in ((".pom", 3e3), (".jar", size))]
                note = add("maven", "derived", f"{stem}.jar.sha1", 40, n, v)
                return [pom], [jar, note], [add("maven", "artifact", f"{stem}-javadoc.jar", size * 2, n, v)]
            case "cargo":
                return [], [add("cargo", "artifact", f"/crates/{n}/{v}/download", size, n, v)], []
            case "rubygems":
                platform = "-x86_64-linux" if self.shape < 0.1 else ""
                return [], [add("rubygems", "artifact", f"/gems/{n}-{v}{platform}.gem", size, n, v)], []
            case "go":
                stem, told = f"/{bang(n)}/@v/v1.{version}.0", f"v1.{version}.0"
                info = add("go", "config", stem + ".info", 110, n, told)
                return [info, add("go", "artifact", stem + ".mod", 900, n, told)], [
                    add("go", "artifact", stem + ".zip", size, n, told)], []  # fmt: skip
            case "debian":
                stem = f"/debian/pool/main/{n[:4]}/{n}/{n}_{v}-2+b1"
                main, other = [
                    add("debian", "artifact", f"{stem}_{a}.deb", size, n, f"{v}-2+b1") for a in ("amd64", "armhf")
                ]
                return [], [main], [other]
            case "conda":
                stem = f"{n}-{v}-py311h{digest(n)[:7]}_1"
                main, other = [add("conda", "artifact", f"/conda-forge/{p}/{stem}.conda", size, n, v)
                               for p in ("linux-64", "osx-arm64")]  # fmt: skip
                return [], [main], [other]
            case "nuget":
                return [], [add("nuget", "artifact", f"/v3-flatcontainer/{n}/{v}/{n}.{v}.nupkg", size, n, v)], []
        tag = add("oci", "index", f"/v2/{n}/manifests/{v}", 1500, n, v)
        digests = [digest(f"{n}{v}{i}") for i in range(2 + int(self.shape * 4))]
        manifest = add("oci", "artifact", f"/v2/{n}/manifests/sha256:{digests[0]}", 2500, n, f"sha256:{digests[0]}")
        blobs = [add("oci", "artifact", f"/v2/{n}/blobs/sha256:{d}", size / (i + 1), n, f"sha256:{d}")
                 for i, d in enumerate(digests[1:])]  # fmt: skip
        return [self._store.again(tag, method="HEAD"), manifest], blobs, []

    def install(self, version: int, *, locked: bool = False) -> list[int]:
        """What a client without copies asks: documents unless a lock file names the file, notes, files."""
        notes, files, _ = self.files(version)
        return ([] if locked else self.pages()) + (notes if self.eco != "pypi" or self.shape < 0.5 else []) + files


def bang(module: str) -> str:
    """A Go module as paths spell it."""
    return "".join(f"!{c.lower()}" if c.isupper() else c for c in module)


def folder(name: str) -> str:
    """A Maven package's folder."""
    group, _, artifact = name.partition(":")
    return f"{group.replace('.', '/')}/{artifact}"


def digest(text: str) -> str:
    """Sixty-four hexadecimal digits."""
    return hashlib.sha3_256(text.encode()).hexdigest()


def place(file: str) -> str:
    """A file of the Python index, below its digest."""
    told = digest(file)
    return f"/packages/{told[:2]}/{told[2:4]}/{told[4:64]}/{file}"
