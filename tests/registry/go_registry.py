"""A module proxy with its checksum database: real zips, a signed log, and every lie one can tell about them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.local import Local
from registry.server import Request
from registry.weather import Reply

DOOR = "proxy"
STAMP = (2024, 5, 6, 7, 8, 10)
FILLERS = 700
"""Records of other people's modules: more than two full tiles."""


def escaped(text: str) -> str:
    """Capitals as the go command writes them."""
    return re.sub("[A-Z]", lambda c: "!" + c[0].lower(), text)


# ---------------------------------------------------------------- modules


@dataclass(slots=True)
class Module:
    """One version of a module and its three files."""

    path: str
    version: str
    mod: bytes
    zip: bytes
    time: str
    listed: bool = True

    @property
    def base(self) -> str:
        return f"/{escaped(self.path)}/@v/{escaped(self.version)}"

    @property
    def info(self) -> bytes:
        return json.dumps({"Version": self.version, "Time": self.time}).encode()


def build_mod(path: str, requires: Mapping[str, str]) -> bytes:
    """A go.mod file."""
    lines = "".join(f"\t{name} {version}\n" for name, version in requires.items())
    wants = f"\nrequire (\n{lines})\n" if lines else ""
    return f"module {path}\n\ngo 1.20\n{wants}".encode()


def build_zip(path: str, version: str, files: Mapping[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A module zip; the same bytes on every run."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", compression) as archive:
        for name, body in files.items():
            member = zipfile.ZipInfo(f"{path}@{version}/{name}", STAMP)
            member.compress_type = compression
            archive.writestr(member, body)
    return whole.getvalue()


def h1(files: Mapping[str, bytes]) -> str:
    """Go's dirhash, as go.sum writes it, of {name: bytes}."""
    lines = [f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in sorted(files.items())]
    return "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()


def sums(module: Module) -> str:
    """The lines of a go.sum file."""
    with zipfile.ZipFile(io.BytesIO(module.zip)) as archive:
        whole = h1({name: archive.read(name) for name in archive.namelist()})
    start = f"{module.path} {module.version}"
    return f"{start} {whole}\n{start}/go.mod {h1({'go.mod': module.mod})}\n"


# ---------------------------------------------------------------- the database


class Log:
    """A log by the letter of RFC 6962 §2.1: slow, obvious, and a stranger to the code it tests."""

    def __init__(self, records: list[bytes] | None = None) -> None:
        self.records = records or []
        self._node = lru_cache(maxsize=None)(self._hash)

    def _hash(self, low: int, high: int) -> bytes:
        if high - low == 1:
            return hashlib.sha256(b"\x00" + self.records[low]).digest()
        k = 1
        while k * 2 < high - low:
            k *= 2
        return hashlib.sha256(b"\x01" + self._node(low, low + k) + self._node(low + k, high)).digest()

    def root(self, size: int = -1) -> bytes:
        """The hash of the tree over the first `size` records, of all by default."""
        return self._node(0, len(self.records) if size < 0 else size)

    def tile(self, level: int, index: int, width: int, height: int = 8) -> bytes | None:
        """A tile's bytes, None when the log is too short for it."""
        span = 1 << height * level
        nodes = range(index << height, (index << height) + width)
        if nodes[-1] * span + span > len(self.records):
            return None
        return b"".join(self._node(n * span, (n + 1) * span) for n in nodes)


@dataclass(slots=True)
class Database:
    """A log with a key. The flags are lies."""

    name: str = "sum.example"
    seed: bytes = b"\x07" * 32
    log: Log = field(default_factory=lambda: Log([f"other.example/m v1.0.{n} h1:x\n".encode() for n in range(FILLERS)]))
    found: dict[str, int] = field(default_factory=dict)
    """{'module@version': record}."""
    forged: bool = False
    """Heads are signed with another key."""
    other_sums: bool = False
    """Lookups tell sums that are not those in the log."""
    broken_tiles: bool = False

    @property
    def public(self) -> bytes:
        return b"\x01" + Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()

    @property
    def hash(self) -> bytes:
        return hashlib.sha256(f"{self.name}\n".encode() + self.public).digest()[:4]

    @property
    def key(self) -> str:
        """As GOSUMDB takes it."""
        return f"{self.name}+{self.hash.hex()}+{base64.b64encode(self.public).decode()}"

    def add(self, name: str, lines: str) -> None:
        """Append a record."""
        self.found[name] = len(self.log.records)
        self.log.records.append(lines.encode())

    def head(self, size: int = -1) -> bytes:
        """A signed head of the log."""
        size = len(self.log.records) if size < 0 else size
        root = base64.b64encode(self.log.root(size)).decode()
        return self.signed(f"go.sum database tree\n{size}\n{root}\n")

    def signed(self, text: str) -> bytes:
        """A note with one signature."""
        seed = b"\x08" * 32 if self.forged else self.seed
        signature = self.hash + Ed25519PrivateKey.from_private_bytes(seed).sign(text.encode())
        return f"{text}\n— {self.name} {base64.b64encode(signature).decode()}\n".encode()

    def lookup(self, name: str) -> bytes | None:
        """The answer about a version, None when it is not in the log."""
        record = self.found.get(name)
        if record is None:
            return None
        text = self.log.records[record]
        if self.other_sums:
            text = re.sub(rb"h1:(.)", lambda m: b"h1:" + (b"B" if m[1] == b"A" else b"A"), text)
        return b"%d\n%b\n%b" % (record, text, self.head())

    def answer(self, path: str) -> Reply:
        """What lies at 'lookup/…', 'tile/…' and 'latest'."""
        what, _, rest = path.partition("/")
        body: bytes | None = None
        if what == "latest":
            body = self.head()
        elif what == "lookup":
            body = self.lookup(rest)
        elif what == "tile":
            body = self._tile(rest)
        if body is None:
            return Reply(404, {"content-type": "text/plain; charset=utf-8"}, b"not found: no such record\n")
        return Reply(200, {"content-type": "text/plain; charset=UTF-8"}, body)

    def _tile(self, rest: str) -> bytes | None:
        found = re.fullmatch(r"(\d+)/(\d+)/((?:x\d{3}/)*\d{3})(?:\.p/(\d+))?", rest)
        if found is None:
            return None
        height, level, width = int(found[1]), int(found[2]), int(found[4] or 1 << int(found[1]))
        tile = self.log.tile(level, int(re.sub(r"[x/]", "", found[3])), width, height)
        if tile is not None and self.broken_tiles:
            return bytes([tile[0] ^ 1]) + tile[1:]
        return tile


# ---------------------------------------------------------------- the proxy


class GoRegistry(Local):
    """`with GoRegistry() as upstream:` serves a proxy on loopback until the block ends; `supported` tells whether it
    speaks for its checksum database."""

    doors: ClassVar = (DOOR,)

    def __init__(self, *, supported: bool = True) -> None:
        self.supported = supported
        self.database = Database()
        self.modules: dict[tuple[str, str], Module] = {}
        self.branches: dict[tuple[str, str], str] = {}

    # ---- contents

    def add(
        self,
        path: str,
        version: str,
        requires: Mapping[str, str] | None = None,
        *,
        listed: bool = True,
        recorded: bool = True,
        padding: int = 0,
        time: str = "2024-05-06T07:08:09Z",
        bare: bool = False,
    ) -> Module:
        """Publish a version that imports what it requires; `recorded` in the checksum database. `bare` has no go.mod
        of its own, so that the proxy makes one up."""
        requires = requires or {}
        mod = f"module {path}\n".encode() if bare else build_mod(path, requires)
        package = re.sub(r"\W", "", re.sub(r"(/v\d+|\.v\d+)?$", "", path).rpartition("/")[2])
        imports = "".join(f'import _ "{name}"\n' for name in requires)
        files = {f"{package}.go": f"package {package}\n\n{imports}".encode()}
        if not bare:
            files["go.mod"] = mod
        if padding:
            noise = hashlib.shake_256(f"{path}@{version}".encode()).digest(padding)
            files["noise.bin"] = noise
        module = Module(path, version, mod, build_zip(path, version, files), time, listed)
        self.modules[path, version] = module
        if recorded:
            self.database.add(f"{escaped(path)}@{escaped(version)}", sums(module))
        return module

    def branch(self, path: str, name: str, version: str) -> None:
        """A branch that points to a version."""
        self.branches[path, name] = version

    # ---- answering

    def _answer(self, request: Request) -> Reply:
        path = unquote(request.path)
        database = re.fullmatch(r"/sumdb/([^/]+)/(.+)", path)
        reply = self._sumdb(database[1], database[2]) if database else self._module(path)
        if reply.status == 200:
            reply.headers["etag"] = f'"{hashlib.sha256(reply.body).hexdigest()[:16]}"'
            if path.endswith((".zip", ".mod")):
                reply.headers["accept-ranges"] = "bytes"
        return reply

    def _sumdb(self, name: str, rest: str) -> Reply:
        if not self.supported or name != self.database.name:
            return Reply(404, {"content-type": "text/plain"}, b"not found\n")
        if rest == "supported":
            return Reply(200, {"content-type": "text/plain"}, b"")
        return self.database.answer(rest)

    def _module(self, path: str) -> Reply:
        for module in self.modules.values():
            for extension, body, media in (
                (".info", module.info, "application/json"),
                (".mod", module.mod, "text/plain; charset=UTF-8"),
                (".zip", module.zip, "application/zip"),
            ):
                if path == module.base + extension:
                    return Reply(200, {"content-type": media}, body)
        found = re.fullmatch(r"/(.+)/@(?:v/(.+)|latest)", path)
        if found:
            return self._moving(re.sub("!(.)", lambda m: m[1].upper(), found[1]), found[2] or "@latest")
        return Reply(404, {"content-type": "text/plain; charset=utf-8"}, b"not found\n")

    def _moving(self, path: str, what: str) -> Reply:
        versions = [m for m in self.modules.values() if m.path == path]
        if what == "list" and versions:
            listing = "".join(f"{m.version}\n" for m in versions if m.listed).encode()
            return Reply(200, {"content-type": "text/plain; charset=UTF-8"}, listing)
        name = what.removesuffix(".info")
        version = self.branches.get((path, name), versions[-1].version if versions and what == "@latest" else "")
        if version:
            return Reply(200, {"content-type": "application/json"}, self.modules[path, version].info)
        reason = f"not found: module {path}: no matching versions\n".encode()
        return Reply(404, {"content-type": "text/plain; charset=utf-8"}, reason)
