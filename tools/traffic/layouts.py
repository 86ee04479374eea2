"""The registries' own paths: index and file hosts, without any gateway's prefix. Pure functions of a name.

Kinds are those of `subak.model.exchange.Kind`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

DOMAIN = "registry.example"
INDEX_HOSTS = {
    "pypi": f"index.python.{DOMAIN}", "npm": f"npm.{DOMAIN}", "maven": f"maven.{DOMAIN}",
    "cargo": f"index.rust.{DOMAIN}", "rubygems": f"index.ruby.{DOMAIN}", "go": f"go.{DOMAIN}",
    "debian": f"deb.{DOMAIN}",
}  # fmt: skip
FILE_HOSTS = INDEX_HOSTS | {
    "pypi": f"files.python.{DOMAIN}", "cargo": f"files.rust.{DOMAIN}", "rubygems": f"files.ruby.{DOMAIN}",
}  # fmt: skip
ECOSYSTEMS = tuple(INDEX_HOSTS)


@dataclass(frozen=True, slots=True)
class File:
    """One file of a version. `share`: its size as a part of the version's main archive; 0: tiny, see `tiny`."""

    kind: str
    path: str
    share: float = 1.0
    tiny: int = 0
    role: str = "main"
    """main: what any install takes; linux, mac: platform builds; note: companions; rest: mirrors only."""
    version: str | None = None
    """The version as the path tells it, where that is not the package's."""


def _digest(text: str, length: int = 64) -> str:
    return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()[:length]


# ---------------------------------------------------------------- Python


def _pypi_place(file: str) -> str:
    digest = _digest(file)
    return f"/packages/{digest[:2]}/{digest[2:4]}/{digest[4:]}/{file}"


def _pypi(name: str, version: str, shape: int) -> tuple[File, ...]:
    stem = f"{re.sub(r'[-_.]+', '_', name)}-{version}"
    sdist = File("artifact", _pypi_place(f"{stem}.tar.gz"), 0.8, role="rest")
    if shape % 10 < 7:
        wheel = _pypi_place(f"{stem}-py3-none-any.whl")
        notes = () if shape % 50 == 0 else (File("metadata", wheel + ".metadata", tiny=3000, role="note"),)
        return (File("artifact", wheel), *notes, sdist)
    files: list[File] = []
    for python in ("cp312", "cp313", "cp314"):
        for platform, role in (
            ("manylinux_2_28_x86_64", "linux"), ("manylinux_2_28_aarch64", "rest"),
            ("macosx_11_0_arm64", "mac"), ("win_amd64", "rest"),
        ):  # fmt: skip
            wheel = _pypi_place(f"{stem}-{python}-{python}-{platform}.whl")
            used = role if python == "cp313" else "rest"
            share = 1.0 + len(platform) / 40
            files += [
                File("artifact", wheel, share, role=used),
                File("metadata", wheel + ".metadata", tiny=4000, role=f"note-{used}"),
            ]
    return (*files, sdist)


# ---------------------------------------------------------------- the others


def _npm(name: str, version: str, shape: int) -> tuple[File, ...]:
    return (File("artifact", f"/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"),)


def _npm_index(name: str) -> str:
    return "/" + name.replace("/", "%2f")  # npm writes a scope's slash like this


def _maven_folder(name: str) -> str:
    group, _, artifact = name.partition(":")
    return f"/maven2/{group.replace('.', '/')}/{artifact}"


def _maven(name: str, version: str, shape: int) -> tuple[File, ...]:
    stem = f"{_maven_folder(name)}/{version}/{name.partition(':')[2]}-{version}"
    files = [File("artifact", f"{stem}.pom", tiny=4000, role="pom")]
    if shape % 8:  # every eighth is a parent: a POM and nothing else
        files.append(File("artifact", f"{stem}.jar"))
        files.append(File("artifact", f"{stem}-sources.jar", 0.6, role="rest"))
    return (
        *files,
        *(File("derived", f"{f.path}.sha1", tiny=40, role="pom-note" if f.role == "pom" else "note")
          for f in files if f.role != "rest"),
    )  # fmt: skip


def _cargo_index(name: str) -> str:
    low = name.lower()
    if len(low) < 3:
        return f"/{len(low)}/{low}"
    return f"/3/{low[0]}/{low}" if len(low) == 3 else f"/{low[:2]}/{low[2:4]}/{low}"


def _cargo(name: str, version: str, shape: int) -> tuple[File, ...]:
    return (File("artifact", f"/crates/{name}/{name}-{version}.crate"),)


def _rubygems(name: str, version: str, shape: int) -> tuple[File, ...]:
    return (
        File("artifact", f"/gems/{name}-{version}.gem"),
        File("artifact", f"/quick/Marshal.4.8/{name}-{version}.gemspec.rz", tiny=1200, role="rest"),
    )


def escaped(module: str) -> str:
    """A Go module as paths spell it: capitals as '!' and the small letter."""
    return re.sub(r"[A-Z]", lambda m: "!" + m[0].lower(), module)


def _go(name: str, version: str, shape: int) -> tuple[File, ...]:
    stem = f"/{escaped(name)}/@v/v{version}"
    return (
        File("config", f"{stem}.info", tiny=120, role="info", version=f"v{version}"),
        File("artifact", f"{stem}.mod", tiny=600, role="pom", version=f"v{version}"),
        File("artifact", f"{stem}.zip", version=f"v{version}"),
    )


def _debian(name: str, version: str, shape: int) -> tuple[File, ...]:
    letter = name[:4] if name.startswith("lib") else name[0]
    folder = f"/debian/pool/main/{letter}/{name}/{name}"
    return (
        File("artifact", f"{folder}_{version}-1_amd64.deb", version=f"{version}-1"),
        File("artifact", f"{folder}_{version}-1_arm64.deb", 0.97, role="rest", version=f"{version}-1"),
        File("artifact", f"{folder}_{version}.orig.tar.xz", 1.4, role="rest", version=f"{version}-1"),
        File("artifact", f"{folder}_{version}-1.dsc", tiny=2200, role="rest", version=f"{version}-1"),
    )


@dataclass(frozen=True, slots=True)
class Layout:
    """How one ecosystem's paths are told from names, and how large things are (bytes, medians)."""

    index: Callable[[str], str]
    """The page of a package; '' where there is none."""
    files: Callable[[str, str, int], tuple[File, ...]]
    page: int
    archive: int
    spread: float
    """Sigma of the logarithm of archive sizes."""


LAYOUTS = {
    "pypi": Layout(lambda n: f"/simple/{n}/", _pypi, 9_000, 75_000, 1.9),
    "npm": Layout(_npm_index, _npm, 14_000, 14_000, 1.7),
    "maven": Layout(lambda n: _maven_folder(n) + "/maven-metadata.xml", _maven, 1_500, 70_000, 1.8),
    "cargo": Layout(_cargo_index, _cargo, 6_000, 28_000, 1.4),
    "rubygems": Layout(lambda n: f"/info/{n}", _rubygems, 4_000, 45_000, 1.6),
    "go": Layout(lambda n: f"/{escaped(n)}/@v/list", _go, 300, 60_000, 1.8),
    "debian": Layout(lambda n: "", _debian, 0, 90_000, 1.7),
}
_SUITES = "/debian/dists/stable"
BEGINNINGS: dict[str, tuple[tuple[str, str, int], ...]] = {
    "cargo": (("config", "/config.json", 90),),
    "rubygems": (("listing", "/versions", 21_000_000),),
    "debian": (
        ("config", f"{_SUITES}/InRelease", 150_000), ("config", f"{_SUITES}-updates/InRelease", 55_000),
        ("artifact", f"{_SUITES}/main/binary-amd64/by-hash/SHA256/{_digest('packages')}", 9_000_000),
        ("artifact", f"{_SUITES}/main/i18n/by-hash/SHA256/{_digest('translations')}", 6_200_000),
    ),
}  # fmt: skip
"""What a client of an ecosystem asks before anything else: kind, path, bytes."""
