"""In what order each kind of client asks for documents and files of a set of packages."""

from __future__ import annotations

from collections.abc import Sequence

from tools.traffic.catalogue import Catalogue, Package, Request

Pick = tuple[Package, int]
"""A package and one of its versions, counted from the oldest."""

LAZY = 24_000
"""Bytes that pip and uv read off the end of a wheel that has no metadata file."""


def documents(picks: Sequence[Pick]) -> list[Request]:
    """The mutable pages that these packages have."""
    return [package.page for package, _ in picks if package.page.path]


def archives(picks: Sequence[Pick], platform: str = "linux") -> list[Request]:
    """One archive each, as a client of a platform chooses it."""
    found = []
    for package, version in picks:
        files = package.files(version)
        found += files.get("main") or files.get(platform) or []
    return found


def install(catalogue: Catalogue, family: str, picks: Sequence[Pick], platform: str = "linux") -> list[Request]:
    """What a client that holds nothing asks, in its own order. A sequence of whole answers, some partial."""
    ecosystem = picks[0][0].ecosystem
    match family:
        case "npm-ci" | "pnpm-frozen":
            return archives(picks)  # a lock file names every URL
        case "uv" | "pip" | "poetry":
            return _python(catalogue, family, picks, platform)
        case "maven" | "gradle":
            return _maven(catalogue, family, picks)
        case "bundler":
            return catalogue.shelf(ecosystem).beginnings + documents(picks) + archives(picks)
        case "go":
            return _go(catalogue, picks)
        case "npm" | "pnpm" | "yarn":
            return _npm(picks)
    return catalogue.shelf(ecosystem).beginnings + documents(picks) + archives(picks)


def _npm(picks: Sequence[Pick]) -> list[Request]:
    return documents(picks) + archives(picks)


def _python(catalogue: Catalogue, family: str, picks: Sequence[Pick], platform: str) -> list[Request]:
    pages, notes, wheels = [], [], []
    steps: list[Request] = []
    for package, version in picks:
        files = package.files(version)
        wheel = files.get("main") or files.get(platform) or files["rest"][-1:]
        note = files.get("note") or files.get(f"note-{platform}") or [catalogue.twin(wheel[0], status=206, sent=LAZY)]
        pages.append(package.page)
        notes += note
        wheels += wheel
        steps += [package.page, *note]
    if family == "uv":
        return pages + notes + wheels
    return steps + wheels if family == "pip" else pages + wheels


def _maven(catalogue: Catalogue, family: str, picks: Sequence[Pick]) -> list[Request]:
    found: list[Request] = []
    for package, version in picks:
        files = package.files(version)
        if family == "gradle":
            found += files["pom"]
        else:
            found += files["pom"] + files["pom-note"]
    for package, version in picks:
        files = package.files(version)
        for jar in files.get("main", ()):
            if family == "gradle" and package.shape % 3 == 0:  # it asks what is there before it takes it
                found.append(catalogue.twin(jar, "HEAD"))
            found.append(jar)
            if family == "maven":
                found += files["note"]
    return found


def _go(catalogue: Catalogue, picks: Sequence[Pick]) -> list[Request]:
    found: list[Request] = []
    for package, version in picks:
        files = package.files(version)
        if package.shape % 6 == 0:  # a package's parent folders are asked as well
            parent = package.page.path.split("/@v/")[0].rpartition("/")[0]
            found.append(catalogue.page("go", f"{parent}/@v/list", 404, 60))
        found += files["info"] + files["pom"]
    return found + archives(picks)


def everything(picks: Sequence[Pick]) -> list[Request]:
    """Page and all files of all platforms, as mirrors take them."""
    found: list[Request] = []
    for package, version in picks:
        if package.page.path:
            found.append(package.page)
        for files in package.files(version).values():
            found += files
    return found
