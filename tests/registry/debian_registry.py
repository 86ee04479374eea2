"""A local archive of Debian packages, made to misbehave on demand: suites, flat archives, patches, installers."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote, unquote

from registry.local import Local
from registry.packages import noise, tarball
from registry.python_index import absent
from registry.server import Request
from registry.weather import Reply

ARCHIVE = "archive"

Sign = Callable[[bytes], tuple[bytes, bytes]]
"""Release → (the same clear-signed, a detached signature)."""


def looks_signed(release: bytes) -> tuple[bytes, bytes]:
    """Armour around nothing: enough for whoever leaves signatures to the client."""
    armour = b"-----BEGIN PGP SIGNATURE-----\n\nAAAA\n=AAAA\n-----END PGP SIGNATURE-----\n"
    return b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n" + release + armour, armour


class Signer:
    """A key of one's own. Needs gpg."""

    def __init__(self, home: Path) -> None:
        home.mkdir(mode=0o700, parents=True)
        self._home = home
        self._command = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--passphrase", ""]
        self._gpg(b"", "--quick-generate-key", "Nobody <nobody@registry.example>", "ed25519", "sign", "never")
        self.key = home / "key.asc"
        """The public key, as `Signed-By` wants it."""
        self.key.write_bytes(self._gpg(b"", "--armor", "--export"))

    def close(self) -> None:
        """End the agent that gpg started for this key."""
        subprocess.run(["gpgconf", "--homedir", str(self._home), "--kill", "all"], timeout=30, check=True)

    def __call__(self, release: bytes) -> tuple[bytes, bytes]:
        signed = self._gpg(release, "--digest-algo", "SHA512", "--clearsign")
        return signed, self._gpg(release, "--digest-algo", "SHA512", "--armor", "--detach-sign")

    def _gpg(self, stdin: bytes, *arguments: str) -> bytes:
        done = subprocess.run([*self._command, *arguments], input=stdin, capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout


@dataclass(frozen=True, slots=True)
class Deb:
    """One published package."""

    name: str
    version: str
    architecture: str
    body: bytes
    stanza: str
    path: str
    """Below the archive's root."""

    @property
    def asked(self) -> str:
        """Below the gateway's mount, as apt spells it."""
        return "/debian/" + "/".join(quote(s, safe="").replace("~", "%7e").lower() for s in self.path.split("/"))


def build_deb(name: str, version: str, architecture: str = "all", depends: str = "", padding: int = 0) -> bytes:
    """A package that dpkg accepts (deb(5)), the same on every run."""
    wants = f"Depends: {depends}\n" if depends else ""
    control = (
        f"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n{wants}"
        "Maintainer: Nobody <nobody@registry.example>\nDescription: nothing much\n"
    )
    files = {f"./usr/share/{name}/noise": noise(padding, name + version)} if padding else {}
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.gz": tarball({"./control": control.encode()}),
        "data.tar.gz": tarball({f"./usr/share/doc/{name}/README": b"nothing\n", **files}),
    }
    return b"!<arch>\n" + b"".join(_member(n, body) for n, body in members.items())


def _member(name: str, body: bytes) -> bytes:
    head = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(body):<10}`\n".encode()
    return head + body + b"\n" * (len(body) % 2)


@dataclass(slots=True)
class DebianRegistry(Local):
    """`with DebianRegistry() as upstream:` serves until the block ends. What was added appears with `publish`."""

    doors: ClassVar = (ARCHIVE,)
    sign: Sign = looks_signed
    suite: str = "stable"
    by_hash: bool = True
    inline: bool = True
    """InRelease; else Release with Release.gpg."""
    patches: bool = False
    flat: bool = False
    validators: bool = True
    """Last-Modified and ETag; some mirrors have neither."""
    begun: float = 1_700_000_000.0
    """Unix time of the first Release; each further one is a minute younger."""
    files: dict[str, bytes] = field(default_factory=dict)
    """All that is served, by the path below the root."""
    debs: list[Deb] = field(default_factory=list)
    released: int = 0
    _former: list[bytes] = field(default_factory=list)
    _extra: dict[str, bytes] = field(default_factory=dict)

    # ---- contents

    @property
    def dists(self) -> str:
        """The suite's folder below the root."""
        return "" if self.flat else f"dists/{self.suite}/"

    @property
    def binaries(self) -> str:
        """The folder of Packages."""
        return self.dists if self.flat else f"{self.dists}main/binary-amd64/"

    def add(self, name: str, version: str, *, depends: str = "", padding: int = 0, replaces: bool = False) -> Deb:
        """Add a package, in place of all others of its name if so wanted."""
        body = build_deb(name, version, "all", depends, padding)
        path = f"{name}_{version.rpartition(':')[2]}_all.deb"
        path = path if self.flat else f"pool/main/{name[0]}/{name}/{path}"
        wants = f"Depends: {depends}\n" if depends else ""
        stanza = (
            f"Package: {name}\nVersion: {version}\nArchitecture: all\n{wants}"
            "Maintainer: Nobody <nobody@registry.example>\nDescription: nothing much\n"
            f"Filename: {'./' if self.flat else ''}{path}\nSize: {len(body)}\nSHA256: {_sha256(body)}\n\n"
        )
        deb = Deb(name, version, "all", body, stanza, path)
        self.debs = [d for d in self.debs if not (replaces and d.name == name)] + [deb]
        self.files[path] = body
        return deb

    def list_also(self, path: str, body: bytes) -> None:
        """A file below the suite's folder that the next Release lists."""
        self._extra[path] = body

    def publish(self) -> None:
        """Make the indexes anew and sign them. What was served by its hash stays."""
        packages = "".join(d.stanza for d in self.debs).encode()
        here = self.binaries.removeprefix(self.dists)
        listed = {f"{here}Packages{end}": pack(packages) for end, pack in _PACKED.items()} | self._extra
        if self.patches and self._former:
            listed |= self._patched(f"{here}Packages.diff/", packages)
        self._former.append(packages)
        for path, body in listed.items():
            self.files[self.dists + path] = body
            if self.by_hash:
                folder = self.dists + path[: path.rfind("/") + 1]
                self.files[f"{folder}by-hash/SHA256/{_sha256(body)}"] = body
                self.files[f"{folder}by-hash/SHA512/{hashlib.sha512(body).hexdigest()}"] = body
        release = self._release(listed)
        inline, detached = self.sign(release)
        signed = {"InRelease": inline} if self.inline else {"Release": release, "Release.gpg": detached}
        self.files |= {self.dists + name: body for name, body in signed.items()}
        self.released += 1

    def _release(self, listed: Mapping[str, bytes]) -> bytes:
        rows = {name: "".join(_row(name, body, path) for path, body in listed.items()) for name in ("SHA256", "SHA512")}
        date = formatdate(self.begun + 60 * self.released, usegmt=True).replace("GMT", "UTC")
        return (
            f"Origin: Nobody\nLabel: Nobody\nSuite: {self.suite}\nCodename: {self.suite}\nArchitectures: amd64 all\n"
            f"Components: main\nDate: {date}\n"
            f"Acquire-By-Hash: {'yes' if self.by_hash else 'no'}\n"
            + "".join(f"{name}:\n{text}" for name, text in rows.items())
        ).encode()

    def _patched(self, folder: str, packages: bytes) -> dict[str, bytes]:
        """Ed scripts from each former index, which today's must begin with, to today's; and their list."""
        rows: dict[str, str] = {"History": "", "Patches": "", "Download": ""}
        files = {}
        for number, former in enumerate(self._former):
            assert packages.startswith(former), "patches can only append here"
            name = f"T-{self.released}-F-{number}"
            script = b"%da\n%b.\n" % (former.count(b"\n"), packages[len(former) :])
            packed = gzip.compress(script, mtime=0)
            files[f"{self.dists}{folder}{name}.gz"] = packed
            rows["History"] += f" {_sha256(former)} {len(former)} {name}\n"
            rows["Patches"] += f" {_sha256(script)} {len(script)} {name}\n"
            rows["Download"] += f" {_sha256(packed)} {len(packed)} {name}.gz\n"
        self.files |= files
        text = f"SHA256-Current: {_sha256(packages)} {len(packages)}\n"
        text += "".join(f"SHA256-{name}:\n{row}" for name, row in rows.items()) + "X-Patch-Precedence: merged\n"
        return {f"{folder}Index": text.encode()}

    @property
    def url(self) -> str:
        return f"{self.at(ARCHIVE)}/archive/"

    def _answer(self, request: Request) -> Reply:
        # Some stores take a plain '+' for a space: so does this one.
        path = unquote(request.path.replace("+", " ")).removeprefix("/archive/")
        body = self.files.get(path)
        if request.method not in ("GET", "HEAD") or body is None:
            return absent(404 if body is None else 405)
        headers = {"content-type": "application/octet-stream", "accept-ranges": "bytes"}
        if self.validators:
            changed = self.begun + 60 * max(self.released - 1, 0) if path.endswith(("Release", ".gpg")) else self.begun
            headers |= {"last-modified": formatdate(changed, usegmt=True), "etag": f'"{_sha256(body)[:16]}"'}
        return Reply(200, headers, body)


_PACKED: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": lambda body: gzip.compress(body, mtime=0),
    ".xz": lzma.compress,
}


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _row(algorithm: str, body: bytes, path: str) -> str:
    return f" {hashlib.new(algorithm.lower(), body).hexdigest()} {len(body)} {path}\n"
