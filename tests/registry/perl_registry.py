"""A CPAN mirror, built in memory without Perl: distributions, each author's CHECKSUMS, the lists."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import ClassVar

from registry.local import Local
from registry.packages import noise, tarball
from registry.server import Request
from registry.weather import Reply

BEGUN = 1_715_000_000.0
"""Unix time of the first change: 2024-05-06 12:53:20 UTC. Each further one is a minute younger."""


@dataclass(frozen=True, slots=True)
class Dist:
    """One distribution with one module, called like it."""

    author: str
    name: str
    version: str
    body: bytes
    day: str = "2024-05-06"
    """When it was uploaded, as CHECKSUMS tells it."""

    @property
    def module(self) -> str:
        return self.name.replace("-", "::")

    @property
    def folder(self) -> str:
        return f"{self.author[:1]}/{self.author[:2]}/{self.author}"

    @property
    def stem(self) -> str:
        return f"{self.name}-{self.version}"

    @property
    def path(self) -> str:
        """Below the mirror's root."""
        return f"authors/id/{self.folder}/{self.stem}.tar.gz"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


@dataclass(slots=True)
class PerlRegistry(Local):
    """`with PerlRegistry() as upstream:` serves on a loopback port until the block ends."""

    doors: ClassVar = ("mirror",)
    dists: list[Dist] = field(default_factory=list)
    indexed: dict[str, Dist] = field(default_factory=dict)
    """By module: what 02packages leads to. The latest that was added."""
    changed: float = BEGUN
    """Unix time."""

    # ---- contents

    def add(
        self, name: str, version: str, requires: Mapping[str, str] | None = None, *,
        author: str = "ACME", padding: int = 0, old: tuple[str, ...] = (),
    ) -> Dist:  # fmt: skip
        """Build, publish and index a distribution. `old` are modules that only this version had: they stay indexed."""
        body = build_dist(name, version, requires or {}, padding)
        dist = Dist(author, name, version, body)
        self.dists.append(dist)
        self.changed += 60
        self.indexed |= dict.fromkeys((dist.module, *old), dist)
        return dist

    def remove(self, dist: Dist) -> None:
        """As an author does: the file is gone, and what told of it."""
        self.changed += 60
        self.dists.remove(dist)
        self.indexed = {module: known for module, known in self.indexed.items() if known is not dist}

    def packages(self) -> bytes:
        """02packages.details.txt."""
        rows = [
            f"{module:<30} {dist.version:>8}  {dist.path.removeprefix('authors/id/')}\n"
            for module, dist in sorted(self.indexed.items())
        ]
        head = (
            "File:         02packages.details.txt\nURL:          https://mirror.example/modules/\n"
            "Description:  Package names found in directory $CPAN/authors/id/\n"
            "Columns:      package name, version, path\nIntended-For: Automated fetch routines.\n"
            f"Written-By:   a test\nLine-Count:   {len(rows)}\n"
            f"Last-Updated: {formatdate(self.changed, usegmt=True)}\n\n"
        )
        return "".join([head, *rows]).encode()

    def checksums(self, folder: str) -> bytes:
        """An author's CHECKSUMS, with armour around nothing."""
        files = {
            path.rpartition("/")[2]: body
            for path, body in self._files().items()
            if path.rpartition("/")[0] == f"authors/id/{folder}"
        }
        rows = []
        for name, body in sorted(files.items()):
            rows.append(
                f"  '{name}' => {{\n    'cpan_path' => '{folder}',\n    'md5' => '{hashlib.md5(body).hexdigest()}',\n"
                f"    'mtime' => '{self.dists[0].day}',\n    'sha256' => '{hashlib.sha256(body).hexdigest()}',\n"
                f"    'size' => {len(body)}\n  }}"
            )
        return CHECKSUMS.replace("ROWS", ",\n".join(rows)).encode()

    def _files(self) -> dict[str, bytes]:
        """All that authors uploaded, and what is drawn out of it, by path."""
        found = {}
        for dist in self.dists:
            stem = dist.path.removesuffix(".tar.gz")
            found[dist.path] = dist.body
            found[f"{stem}.meta"] = f"---\nname: {dist.name}\nversion: '{dist.version}'\n".encode()
            found[f"{stem}.readme"] = f"{dist.name} does nothing much.\n".encode()
        return found

    # ---- answering

    def _answer(self, request: Request) -> Reply:
        path = request.path.removeprefix("/")
        lists = {
            "modules/02packages.details.txt.gz": self.packages(),
            "modules/03modlist.data.gz": MODLIST,
            "authors/01mailrc.txt.gz": b'alias ACME "Nobody <nobody@mirror.example>"\n',
        }
        headers = {"last-modified": formatdate(self.changed, usegmt=True), "accept-ranges": "bytes"}
        if path in lists:
            body = gzip.compress(lists[path], mtime=0)
            tag = f'"{hashlib.md5(body).hexdigest()}"'
            return Reply(200, {**headers, "content-type": "application/x-gzip", "etag": tag}, body)
        folder = path.removeprefix("authors/id/").removesuffix("/CHECKSUMS")
        if path.endswith("/CHECKSUMS") and any(dist.folder == folder for dist in self.dists):
            return Reply(200, {"content-type": "text/plain"}, self.checksums(folder))
        body = self._files().get(path, b"")
        if not body:
            return Reply(404, {"content-type": "text/html"}, b"<html><body>Not Found</body></html>")
        return Reply(200, {**headers, "content-type": "application/octet-stream"}, body)


CHECKSUMS = """0&&<<''; # this PGP-signed message is also valid perl
-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

# CHECKSUMS file written on Mon May  6 12:53:20 2024 GMT by CPAN::Checksums (v2.14)
$cksum = {
ROWS
};
__END__
-----BEGIN PGP SIGNATURE-----

AAAA
=AAAA
-----END PGP SIGNATURE-----
"""

MODLIST = b"""File:        03modlist.data
Description: This was once the "registered module list" of CPAN.
Modcount:    0
Written-By:  a test
Date:        Mon, 06 May 2024 12:53:20 GMT

package CPAN::Modulelist;
sub data { return {}; }
1;
"""


def build_dist(name: str, version: str, requires: Mapping[str, str], padding: int = 0) -> bytes:
    """The bytes of an installable distribution (ExtUtils::MakeMaker), the same on every run."""
    module, stem = name.replace("-", "::"), f"{name}-{version}"
    wants = ", ".join(f"'{required}' => '{number}'" for required, number in requires.items())
    source = f"package {module};\nour $VERSION = '{version}';\nsub version {{ $VERSION }}\n1;\n"
    makefile = (
        "use ExtUtils::MakeMaker;\n"
        f"WriteMakefile(NAME => '{module}', VERSION => '{version}', PREREQ_PM => {{ {wants} }});\n"
    )
    files = {
        "Makefile.PL": makefile.encode(),
        f"lib/{name.replace('-', '/')}.pm": source.encode(),
        "t/load.t": f"use Test::More tests => 1;\nuse_ok('{module}');\n".encode(),
    }
    if padding:
        files["noise.bin"] = noise(padding, stem)
    files["MANIFEST"] = "\n".join(["MANIFEST", *files, ""]).encode()
    return tarball({f"{stem}/{path}": body for path, body in files.items()})
