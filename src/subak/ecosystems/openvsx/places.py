"""Where things of a gallery are: names, platforms, keys, purls, and the addresses we give to clients."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from packageurl import PackageURL

from subak.errors import NotFound
from subak.model import purls
from subak.model.digest import Pin
from subak.model.exchange import Kind, Subject

UNIVERSAL = "universal"
ALIASES = ("latest", "pre-release")
"""What stands in a version's place and names none."""

VSIX = "Microsoft.VisualStudio.Services.VSIXPackage"
PUBLIC_KEY = "Microsoft.VisualStudio.Services.PublicKey"

_NAME = re.compile(r"(?!-\Z)[A-Za-z0-9_+$~-]{1,255}\Z")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+_-]{0,99}\Z")
_TARGET = re.compile(r"(?:universal|web|(?:alpine|darwin|linux|win32)-[a-z0-9]{1,16})\Z")
_FILE = re.compile(r"[^/\x00-\x20\x7f\\%?#]{1,255}\Z")
_SAFE = "+$~@:,!*'()"
_UNSAID = ("", UNIVERSAL, "undefined", "unknown")
"""What editors send as the platform of a package for all platforms."""

_IN_KEY = re.compile(r"api/[^/]+/[^/]+/([^/]+)(?:/|\Z)|vscode/asset/[^?]*\?targetPlatform=(.+)\Z")


def possible_name(text: str) -> bool:
    """May a namespace or an extension be called so? They hold no dot: 'a.b' splits at the first."""
    return bool(_NAME.match(text))


def possible_version(text: str) -> bool:
    """Is this a version, and not an alias?"""
    return bool(_VERSION.match(text))


def possible_target(text: str) -> bool:
    """Is this a target platform, as the registry spells it?"""
    return bool(_TARGET.match(text))


def possible_file(text: str) -> bool:
    """May one file of a version be called so?"""
    return bool(_FILE.match(text)) and text not in (".", "..")


@dataclass(frozen=True, slots=True)
class Place:
    """An extension, one of its versions, or one of its packages, in the spelling asked."""

    namespace: str
    name: str
    version: str = ""
    target: str = ""
    """In documents '' means that no platform was named; in files it means the package for all of them."""

    @property
    def id(self) -> str:
        """'namespace.name' in lowercase: names are looked up so."""
        return f"{self.namespace}.{self.name}".lower()

    @property
    def purl(self) -> str:
        qualifiers = {"platform": self.target} if self.target and self.version else None
        namespace, name = self.namespace.lower(), self.name.lower()
        return purls.purl("vscode-extension", namespace, name, self.version, qualifiers)

    def file(self, suffix: str) -> str:
        """The name of the package, or of what lies beside it: 'acme.hello-1.0.0@linux-x64.vsix'."""
        return f"{self.namespace}.{self.name}-{self.version}{f'@{self.target}' if self.target else ''}.{suffix}"

    def folder(self, *, lower: bool = False) -> str:
        """Its path in the registry API, unquoted: 'api/acme/hello/linux-x64/1.0.0'."""
        names = [self.namespace.lower(), self.name.lower()] if lower else [self.namespace, self.name]
        return "/".join(("api", *names, *filter(None, (self.target, self.version))))


def place(namespace: str, name: str, version: str = "", target: str = "") -> Place:
    """Raises NotFound for impossible names, versions and platforms."""
    if not possible_name(namespace) or not possible_name(name):
        raise NotFound(f"no extension can be called {namespace[:80]}.{name[:80]}")
    if version and not possible_version(version):
        raise NotFound(f"{version[:80]!r} is no version of {namespace}.{name}")
    if target and not possible_target(target):
        raise NotFound(f"{target[:80]!r} is no target platform")
    return Place(namespace, name, version, target)


def package(namespace: str, name: str, version: str, target: str) -> Place:
    """The place of a version's files. Raises NotFound as `place`, and for aliases of versions."""
    if not possible_version(version):
        raise NotFound(f"files belong to versions, and {version[:80]!r} is none")
    return place(namespace, name, version, "" if target in _UNSAID else target)


def place_of(subject: Subject) -> Place:
    """The place a subject of ours is about; its platform stands in the key."""
    namespace, _, name = subject.name.partition(".")
    found = _IN_KEY.match(subject.key)
    target = (found[1] or found[2]) if found else ""
    return Place(namespace, name, subject.version, target if possible_target(target) else "")


# ---------------------------------------------------------------- subjects


def about(at: Place, kind: Kind, route: str, key: str, part: str = "") -> Subject:
    """The subject of this kind with all that the place tells. A document of several versions names no version."""
    name = f"{at.namespace}.{at.name}"
    return Subject("openvsx", kind, route, key, name, at.version, part, at.purl)


def extension(at: Place, alias: str) -> Subject:
    """What an alias of a version means, for one platform or for all."""
    return about(at, Kind.INDEX, "extension", at.folder(lower=True), alias)


def vsix(at: Place) -> Subject:
    """The package itself, whichever of its addresses was asked."""
    return about(at, Kind.ARTIFACT, "vsix", f"{at.folder(lower=True)}/file/{at.file('vsix').lower()}")


def checksum(at: Place) -> Subject:
    """The document that tells the package's sha256."""
    return about(at, Kind.CONFIG, "checksum", f"{at.folder(lower=True)}/file/{at.file('sha256').lower()}")


def asset(at: Place, kind: str) -> Subject:
    """One of the files that the gallery API tells of, by its type."""
    if kind == VSIX:
        return vsix(at)
    query = f"?targetPlatform={at.target}" if at.target else ""
    names = f"{at.namespace}/{at.name}".lower()
    return about(at, Kind.ARTIFACT, "asset", f"vscode/asset/{names}/{at.version}/{kind}{query}")


def file(at: Place, name: str) -> Subject:
    """One of the files that the registry API tells of, by its name. Raises NotFound for a package or a checksum
    under a name that is not theirs."""
    if name.lower() == at.file("vsix").lower():
        return vsix(at)
    if name.lower() == at.file("sha256").lower():
        return checksum(at)
    if not possible_file(name) or name.lower().endswith(".vsix"):
        raise NotFound(f"{name[:100]!r} is no file of {at.namespace}.{at.name} {at.version}")
    return about(at, Kind.ARTIFACT, "file", f"{at.folder(lower=True)}/file/{name}")


def dated(at: Place, text: str) -> Pin:
    """When a package was published, as the registry writes it ('2024-05-06T07:08:09.123Z'); 0 when it is no time:
    an unknown one, for which policy has a rule."""
    bare = Place(at.namespace, at.name, at.version, "" if at.target == UNIVERSAL else at.target)
    try:
        moment = datetime.fromisoformat(text)
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        seconds = 0.0
    return Pin(vsix(bare).key, "", name=at.id, version=at.version, published=max(0.0, seconds), dates=True)


def path_of(purl: PackageURL) -> str:
    """Raises NotFound for purls of other types and for names that no extension can have."""
    if purl.type != "vscode-extension":
        raise NotFound(f"{purl.to_string()[:80]} names no editor extension")
    return place(purl.namespace or "", purl.name).folder(lower=True)


# ---------------------------------------------------------------- addresses


def quoted(path: str) -> str:
    """A path as it travels."""
    return quote(path, safe=_SAFE + "/")


def parameters(values: dict[str, str]) -> str:
    """A query string: parameters that say something, in the order of their names."""
    rows = sorted((name, value) for name, value in values.items() if value)
    return f"?{urlencode(rows)}" if rows else ""


def asset_url(base: str, at: Place, kind: str = "") -> str:
    """Where `base` keeps an asset, or with no `kind` all of them; editors add type and platform to that."""
    folder = f"vscode/asset/{at.namespace}/{at.name}/{at.version}"
    if not kind:
        return f"{base}/{quoted(folder)}"
    return f"{base}/{quoted(f'{folder}/{kind}')}" + parameters({"targetPlatform": at.target})


def file_url(base: str, at: Place, name: str) -> str:
    """Where `base` keeps a file of a version, by its name."""
    return f"{base}/{quoted(f'{at.folder()}/file/{name}')}"
