"""Module paths and versions: escaped on the wire, case-sensitive, some of them canonical (Go Modules Reference)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from fnmatch import translate
from functools import lru_cache

from packageurl import PackageURL

from subak.errors import NotFound
from subak.model import purls

# ---------------------------------------------------------------- escaping

_PLAIN = r"[\x00- \"-@\[-\x7f]*+"  # ASCII but '!' and capitals; said by what it is not, it takes 5 ms to compile
_ESCAPED = re.compile(rf"{_PLAIN}(?:![a-z]{_PLAIN})*+\Z")


def escape(text: str) -> str:
    """A capital letter becomes '!' and its small one: for file systems that do not tell them apart."""
    return re.sub(r"[A-Z]", lambda capital: f"!{capital[0].lower()}", text)


def unescape(text: str) -> str:
    """The way back from `escape`. Raises NotFound for what it never yields: then no two paths mean one module."""
    if not _ESCAPED.match(text):
        raise NotFound(f"{text[:100]!r} is not escaped as the go command does: '!' and a small letter for a capital")
    return re.sub(r"!([a-z])", lambda mark: mark[1].upper(), text) if "!" in text else text


# ---------------------------------------------------------------- modules

_HOST = r"(?![.-])(?=[^/]*\.)[a-z0-9.-]*[a-z0-9-]"
_ELEMENT = r"/(?!\.)[A-Za-z0-9._~-]*[A-Za-z0-9_~-]"
_MODULE = re.compile(rf"{_HOST}(?:{_ELEMENT})*\Z")


@lru_cache(maxsize=1024)
def module_path(escaped: str) -> str:
    """The module of an escaped path. Raises NotFound for what cannot be one."""
    path = unescape(escaped)
    if not _MODULE.match(path):
        raise NotFound(f"no module can be called {path[:100]!r}")
    return path


# ---------------------------------------------------------------- versions

_NUMBER = r"(?:0|[1-9][0-9]*)"
_LABEL = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_CANONICAL = re.compile(
    rf"v(?P<major>{_NUMBER})\.{_NUMBER}\.{_NUMBER}(?:-{_LABEL}(?:\.{_LABEL})*)?(?P<build>\+incompatible)?\Z"
)
_ASKED = re.compile(r"[A-Za-z0-9$&()+,.=@\[\]^_{}~-]*[A-Za-z0-9$&()+,=@\[\]^_{}~-]\Z")
_MAJOR = re.compile(r"/v([1-9][0-9]*)\Z")
_GOPKG_MAJOR = re.compile(r"\.v(0|[1-9][0-9]*)(?:-unstable)?\Z")
_COMMIT_TIME = re.compile(r"[.-]([0-9]{14})-[0-9a-f]{12}(?:\+incompatible)?\Z")


def asked_version(escaped: str) -> str:
    """A version, branch, tag or commit as it is asked for. Raises NotFound for what the go command never asks."""
    version = unescape(escaped)
    if not _ASKED.match(version):
        raise NotFound(f"no version can be called {version[:100]!r}")
    return version


def is_canonical(version: str) -> bool:
    """Whether it names one release for ever: a full semantic version, no build but '+incompatible'."""
    return _CANONICAL.match(version) is not None


def is_fitting(module: str, version: str) -> bool:
    """Whether a canonical version can be one of this module: /v2 and higher are part of the path. What does not fit
    is a question that a proxy answers with another version, such as 'v2.0.0' with 'v2.0.0+incompatible'."""
    found = _CANONICAL.match(version)
    if found is None:
        return False
    if module.startswith("gopkg.in/"):
        major = _GOPKG_MAJOR.search(module)
        # v0.0.0- below .v1 is an old error of the go command that lives on in go.mod files
        return major is not None and (found["major"] == major[1] or (major[1] == "1" and version.startswith("v0.0.0-")))
    suffix = _MAJOR.search(module)
    return found["major"] == suffix[1] if suffix else found["major"] in ("0", "1") or found["build"] is not None


def commit_time(version: str) -> float:
    """Unix time that a pseudo-version carries, 0 for all others."""
    stamp = _COMMIT_TIME.search(version)
    if stamp is None:
        return 0.0
    try:  # the zero time, year 1, stands for none
        return max(datetime.strptime(stamp[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp(), 0.0)
    except ValueError:  # fourteen digits that are no date
        return 0.0


# ---------------------------------------------------------------- names elsewhere


def purl(module: str, version: str = "") -> str:
    """The package URL. The type's definition wants lowercase, which would make two modules one: the case stays."""
    namespace, _, name = module.rpartition("/")
    return purls.purl("golang", namespace, name, version) if name else ""


def module_of(purl: PackageURL) -> str:
    """The module a purl is about. Raises NotFound for another type and for impossible names."""
    module = "/".join(filter(None, (purl.namespace, purl.name)))
    if purl.type != "golang" or not _MODULE.match(module):
        raise NotFound(f"{purl.to_string()} is no Go module")
    return module


def is_private(module: str, patterns: str) -> bool:
    """Whether GONOSUMDB or GOPRIVATE withhold this module's name from the checksum database.

    `patterns` are globs separated by commas; each covers every module that begins with so many elements.
    """
    elements = module.split("/")
    globs = (glob.strip().strip("/").split("/") for glob in patterns.split(",") if glob.strip().strip("/"))
    return any(
        len(glob) <= len(elements) and all(_glob(g).match(e) for g, e in zip(glob, elements, strict=False))
        for glob in globs
    )


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))
