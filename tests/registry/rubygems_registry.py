"""A registry of gems: compact index, old indexes, specifications and gems, built in memory without Ruby."""

from __future__ import annotations

import base64
import gzip
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from registry.local import Local
from registry.packages import noise, tar, tarball
from registry.server import Request
from registry.weather import Reply

CREATED = "2024-05-06T07:08:09Z"


@dataclass(slots=True)
class Gem:
    """One version for one platform: its file and what the indexes say of it."""

    name: str
    version: str
    requires: Mapping[str, str] = field(default_factory=dict)
    """{name: requirement}, one comparison each: '>= 1.0'."""
    platform: str = ""
    created: str = CREATED
    checksum: str = "right"
    """right | wrong (of other bytes) | none."""
    padding: int = 0

    body: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.body = build_gem(self)

    @property
    def number(self) -> str:
        return f"{self.version}-{self.platform}" if self.platform else self.version

    @property
    def full(self) -> str:
        return f"{self.name}-{self.number}"

    @property
    def path(self) -> str:
        return f"/gems/{self.full}.gem"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()

    @property
    def line(self) -> str:
        """As /info shows it."""
        requires = ",".join(f"{name}:{requirement}" for name, requirement in self.requires.items())
        announced = self.sha256 if self.checksum == "right" else hashlib.sha256(b"other bytes").hexdigest()
        checksum = "" if self.checksum == "none" else f"checksum:{announced},"
        return f"{self.number} {requires}|{checksum}ruby:>= 2.5,created_at:{self.created}"


class GemRegistry(Local):
    """`with GemRegistry() as upstream:` serves on a loopback port until the block ends."""

    doors: ClassVar = ("gems",)

    def __init__(self) -> None:
        self.gems: list[Gem] = []
        self.versions = f"created_at: {CREATED}\n---\n".encode()
        """Grows with every `add`."""
        self.digests = True
        """Send Repr-Digest."""

    # ---- contents

    def add(
        self, name: str, version: str, requires: Mapping[str, str] | None = None, *,
        platform: str = "", checksum: str = "right", padding: int = 0,
    ) -> Gem:  # fmt: skip
        """Build and publish a gem: its line is appended to /versions."""
        gem = Gem(name, version, requires or {}, platform, checksum=checksum, padding=padding)
        self.gems.append(gem)
        self.versions += f"{name} {gem.number} {hashlib.md5(self.info(name)).hexdigest()}\n".encode()
        return gem

    def yank(self, gem: Gem) -> None:
        """Withdraw a gem, as the registry does: a line with a leading '-'."""
        self.gems.remove(gem)
        self.versions += f"{gem.name} -{gem.number} {hashlib.md5(self.info(gem.name)).hexdigest()}\n".encode()

    def rebuild(self) -> None:
        """Write /versions anew, as happens once a month: one line a gem, another time at its top."""
        rows = ["created_at: 2024-06-01T00:00:00Z", "---"]
        for name in sorted({gem.name for gem in self.gems}):
            numbers = ",".join(gem.number for gem in self.gems if gem.name == name)
            rows.append(f"{name} {numbers} {hashlib.md5(self.info(name)).hexdigest()}")
        self.versions = ("\n".join(rows) + "\n").encode()

    def info(self, name: str) -> bytes:
        """The body of /info/<name>."""
        return "".join(["---\n", *(f"{gem.line}\n" for gem in self.gems if gem.name == name)]).encode()

    # ---- answering

    def _answer(self, request: Request) -> Reply:
        path = request.path
        if path == "/versions":
            return self._text(self.versions)
        if path == "/names":
            return self._text("".join(["---\n", *(f"{n}\n" for n in sorted({g.name for g in self.gems}))]).encode())
        if path.startswith("/info/") and any(gem.name == path[6:] for gem in self.gems):
            return self._text(self.info(path[6:]))
        if path.endswith("specs.4.8.gz"):
            return Reply(200, {"content-type": "application/x-gzip"}, self._specs(path))
        for gem in self.gems:
            if path == gem.path:
                return Reply(200, {"content-type": "application/octet-stream", "accept-ranges": "bytes"}, gem.body)
            if path == f"/quick/Marshal.4.8/{gem.full}.gemspec.rz":
                return Reply(200, {"content-type": "application/octet-stream"}, zlib.compress(specification(gem)))
        if path == "/":
            return Reply(200, {"content-type": "text/html"}, b"<html><body>gems</body></html>")
        return Reply(404, {"content-type": "text/plain"}, b"This gem could not be found\n")

    def _text(self, body: bytes) -> Reply:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers = {
            "content-type": "text/plain; charset=utf-8",
            "etag": f'"{hashlib.md5(body).hexdigest()}"',
            "accept-ranges": "bytes",
            "cache-control": "max-age=60, public",
        }
        if self.digests:
            headers |= {"repr-digest": f"sha-256=:{digest}:", "digest": f"sha-256={digest}"}
        return Reply(200, headers, body)

    def _specs(self, path: str) -> bytes:
        early = path.startswith("/prerelease")
        gems = [gem for gem in self.gems if any(c.isalpha() for c in gem.version) == early]
        if path.startswith("/latest"):
            gems = list({(gem.name, gem.platform): gem for gem in gems}.values())
        rows = [[gem.name, _version(gem.version), gem.platform or "ruby"] for gem in gems]
        return gzip.compress(b"\x04\x08" + marshal(rows), mtime=0)


# ---------------------------------------------------------------- gems


def build_gem(gem: Gem) -> bytes:
    """The bytes of an installable gem: a tar of the specification, the files and their checksums."""
    files = {f"lib/{gem.name}.rb": f"{gem.name.upper().replace('-', '_')} = {gem.version!r}\n".encode()}
    if gem.padding:
        files["noise.bin"] = noise(gem.padding, gem.full)
    members = {
        "metadata.gz": gzip.compress(_metadata(gem, sorted(files)).encode(), mtime=0),
        "data.tar.gz": tarball(files),
    }
    rows = [f"  {name}: {hashlib.sha256(body).hexdigest()}" for name, body in members.items()]
    members["checksums.yaml.gz"] = gzip.compress(("---\nSHA256:\n" + "\n".join(rows) + "\n").encode(), mtime=0)
    return tar(members, 0o444)


def _metadata(gem: Gem, files: Sequence[str]) -> str:
    def requirement(text: str, indent: str) -> str:
        operator, _, number = text.partition(" ")
        rows = ("!ruby/object:Gem::Requirement", "requirements:", f"- - {operator!r}", "  - !ruby/object:Gem::Version",
                f"    version: {number!r}")  # fmt: skip
        return f"\n{indent}".join(rows)

    dependencies = "".join(
        f"\n- !ruby/object:Gem::Dependency\n  name: {name}\n  requirement: {requirement(text, '    ')}"
        "\n  type: :runtime\n  prerelease: false"
        f"\n  version_requirements: {requirement(text, '    ')}"
        for name, text in gem.requires.items()
    )
    return f"""--- !ruby/object:Gem::Specification
name: {gem.name}
version: !ruby/object:Gem::Version
  version: {gem.version!r}
platform: {gem.platform or "ruby"}
authors:
- somebody
bindir: bin
cert_chain: []
date: 2024-05-06 00:00:00.000000000 Z
dependencies:{dependencies or " []"}
description: for tests
email:
executables: []
extensions: []
extra_rdoc_files: []
files:
{chr(10).join(f"- {file}" for file in files)}
homepage: https://gems.example/
licenses:
- MIT
metadata: {{}}
rdoc_options: []
require_paths:
- lib
required_ruby_version: {requirement(">= 2.5", "  ")}
required_rubygems_version: {requirement(">= 0", "  ")}
requirements: []
rubygems_version: 3.3.15
signing_key:
specification_version: 4
summary: {gem.name} for tests
test_files: []
"""


# ---------------------------------------------------------------- Ruby's Marshal 4.8, as much as indexes need


@dataclass(frozen=True, slots=True)
class Dumped:
    """An object that dumps itself as an array (`marshal_dump`)."""

    of: str
    value: list[object]


@dataclass(frozen=True, slots=True)
class Object:
    """An object with instance variables."""

    of: str
    variables: dict[str, object]


@dataclass(frozen=True, slots=True)
class Symbol:
    name: str


def marshal(value: object) -> bytes:
    """A value without the two version bytes; nothing is shared, which Ruby reads as well."""
    match value:
        case None:
            return b"0"
        case bool():
            return b"T" if value else b"F"
        case int():
            return b"i" + _number(value)
        case str():
            return b'I"' + _counted(value) + _number(1) + marshal(Symbol("E")) + b"T"
        case Symbol(name):
            return b":" + _counted(name)
        case list():
            return b"[" + _number(len(value)) + b"".join(map(marshal, value))
        case dict():
            return b"{" + _number(len(value)) + b"".join(marshal(k) + marshal(v) for k, v in value.items())
        case Dumped(of, rest):
            return b"U" + marshal(Symbol(of)) + marshal(rest)
        case Object(of, variables):
            rows = b"".join(marshal(Symbol(k)) + marshal(v) for k, v in variables.items())
            return b"o" + marshal(Symbol(of)) + _number(len(variables)) + rows
    raise TypeError(value)


def _counted(text: str) -> bytes:
    raw = text.encode()
    return _number(len(raw)) + raw


def _number(value: int) -> bytes:
    if value == 0:
        return b"\0"
    if value < 123:
        return bytes([value + 5])
    raw = value.to_bytes((value.bit_length() + 7) // 8, "little")
    return bytes([len(raw)]) + raw


def _version(text: str) -> Dumped:
    return Dumped("Gem::Version", [text])


def _requirement(text: str) -> Dumped:
    operator, _, number = text.partition(" ")
    return Dumped("Gem::Requirement", [[[operator, _version(number)]]])


def specification(gem: Gem) -> bytes:
    """The Marshal text of a Gem::Specification, as `gem install` reads it from /quick."""
    dependencies: list[object] = []
    for name, text in gem.requires.items():
        requirement = _requirement(text)
        variables = {
            "@name": name, "@requirement": requirement, "@type": Symbol("runtime"), "@prerelease": False,
            "@version_requirements": requirement,
        }  # fmt: skip
        dependencies.append(Object("Gem::Dependency", variables))
    platform = gem.platform or "ruby"
    fields = [
        "3.3.15", 4, gem.name, _version(gem.version), "2024-05-06", f"{gem.name} for tests", _requirement(">= 2.5"),
        _requirement(">= 0"), platform, dependencies, "", None, ["somebody"], "for tests", "https://gems.example/",
        True, platform, ["MIT"], {},
    ]  # fmt: skip
    dumped = b"\x04\x08" + marshal(fields)
    return b"\x04\x08u" + marshal(Symbol("Gem::Specification")) + _number(len(dumped)) + dumped
