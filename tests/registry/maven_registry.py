"""A local Maven repository, made to misbehave on demand, and a plugin that makes Maven resolve what a project wants."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import unquote

from registry.local import Local
from registry.packages import noise, zipped
from registry.python_index import absent
from registry.server import Request
from registry.weather import Reply

REPOSITORY, ROOT = "repository", "/maven2/"
MODIFIED = "Mon, 06 May 2024 07:08:09 GMT"
ALGORITHMS = ("md5", "sha1", "sha256", "sha512")
PLUGIN = "com.acme:acme-maven-plugin:1.0"
"""Its goal `hello` resolves what the project depends on, and does nothing."""


@dataclass(slots=True)
class MavenRegistry(Local):
    """`with MavenRegistry() as upstream:` serves until the block ends, on one port of loopback."""

    doors: ClassVar = (REPOSITORY,)
    announce: tuple[str, ...] = ("sha1", "md5")
    """Algorithms of the X-Checksum headers; a bare mirror sends none."""
    sidecars: tuple[str, ...] = ("sha1", "md5")
    """Algorithms of the checksum files beside the files."""
    validators: bool = True
    files: dict[str, bytes] = field(default_factory=dict)
    """By path below the root: whatever is put here is served, checksum files included."""
    versions: dict[str, list[str]] = field(default_factory=dict)
    """By 'group:artifact', for maven-metadata.xml."""

    # ---- contents

    def add(
        self,
        group: str,
        artifact: str,
        version: str,
        dependencies: Mapping[str, str] | None = None,
        *,
        build: str = "",
        packaging: str = "jar",
        contents: Mapping[str, bytes] | None = None,
        padding: int = 0,
    ) -> str:
        """Publish a pom and a jar; the jar's path below the root.

        `dependencies` are 'group:artifact' to version or range, `build` is the timestamped version of a snapshot.
        """
        folder = f"{group.replace('.', '/')}/{artifact}/{version}"
        wants = "".join(
            f"<dependency><groupId>{k.partition(':')[0]}</groupId><artifactId>{k.partition(':')[2]}</artifactId>"
            f"<version>{v}</version></dependency>"
            for k, v in (dependencies or {}).items()
        )
        pom = (
            f"<project><modelVersion>4.0.0</modelVersion><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
            f"<version>{version}</version><packaging>{packaging}</packaging><dependencies>{wants}</dependencies></project>"
        )
        inside = dict(contents or {f"{artifact}.txt": version.encode()})
        if padding:
            inside["noise.bin"] = noise(padding, f"{artifact}-{version}")
        jar = f"{folder}/{artifact}-{build or version}.jar"
        self.files[jar] = archive(inside)
        self.files[jar.removesuffix("jar") + "pom"] = pom.encode()
        if build:
            self.files[f"{folder}/maven-metadata.xml"] = _snapshot_metadata(group, artifact, version, build)
        listed = self.versions.setdefault(f"{group}:{artifact}", [])
        if version not in listed:
            listed.append(version)
        self.files[f"{group.replace('.', '/')}/{artifact}/maven-metadata.xml"] = _metadata(group, artifact, listed)
        return jar

    def add_plugin(self) -> None:
        """Publish `PLUGIN`, what Maven 3 adds to every plugin, and the list of the group's plugins."""
        group, artifact, version = PLUGIN.split(":")
        contents = {"META-INF/maven/plugin.xml": _descriptor(), "com/acme/HelloMojo.class": _mojo("com/acme/HelloMojo")}
        self.add(group, artifact, version, packaging="maven-plugin", contents=contents)
        self.add("org.codehaus.plexus", "plexus-utils", "1.1")
        self.files["com/acme/maven-metadata.xml"] = (
            f"<metadata><plugins><plugin><name>acme</name><prefix>acme</prefix><artifactId>{artifact}</artifactId>"
            "</plugin></plugins></metadata>"
        ).encode()

    @property
    def url(self) -> str:
        return f"{self.at(REPOSITORY)}{ROOT}"

    # ---- answering

    def _answer(self, request: Request) -> Reply:
        path = unquote(request.path).removeprefix(ROOT)
        body = self.files.get(path)
        if body is not None:
            return self._whole(path, body)
        about, _, algorithm = path.rpartition(".")
        if about in self.files and algorithm in self.sidecars:
            return Reply(200, {"content-type": "text/plain"}, hexadecimal(self.files[about], algorithm).encode())
        return absent(404)

    def _whole(self, path: str, body: bytes) -> Reply:
        headers = {"content-type": "text/xml" if path.endswith(("xml", "pom")) else "application/java-archive"}
        headers["accept-ranges"] = "bytes"
        if self.validators:
            headers |= {"etag": f'"{hexadecimal(body, "md5")}"', "last-modified": MODIFIED}
        if not path.endswith("maven-metadata.xml"):
            headers |= {f"x-checksum-{name}": hexadecimal(body, name) for name in self.announce}
        return Reply(200, headers, body)


def hexadecimal(body: bytes, algorithm: str) -> str:
    """A digest as checksum files hold it."""
    return hashlib.new(algorithm, body).hexdigest()


def archive(files: Mapping[str, bytes]) -> bytes:
    """A jar, the same on every run."""
    return zipped({"META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\r\n\r\n", **files})


# ---------------------------------------------------------------- metadata


def _metadata(group: str, artifact: str, versions: list[str]) -> bytes:
    releases = [v for v in versions if not v.endswith("-SNAPSHOT")]
    release = f"    <release>{releases[-1]}</release>\n" if releases else ""
    rows = "".join(f"      <version>{v}</version>\n" for v in versions)
    return (
        f"<?xml version='1.0' encoding='UTF-8'?>\n<metadata>\n  <groupId>{group}</groupId>\n"
        f"  <artifactId>{artifact}</artifactId>\n  <versioning>\n    <latest>{versions[-1]}</latest>\n{release}"
        f"    <versions>\n{rows}    </versions>\n    <lastUpdated>20240506070809</lastUpdated>\n"
        "  </versioning>\n</metadata>\n"
    ).encode()


def _snapshot_metadata(group: str, artifact: str, version: str, build: str) -> bytes:
    stamp, _, number = build.removeprefix(version.removesuffix("SNAPSHOT")).partition("-")
    updated = stamp.replace(".", "")
    rows = "".join(
        f"<snapshotVersion><extension>{extension}</extension><value>{build}</value><updated>{updated}</updated>"
        "</snapshotVersion>"
        for extension in ("jar", "pom")
    )
    return (
        f'<metadata modelVersion="1.1.0"><groupId>{group}</groupId><artifactId>{artifact}</artifactId>'
        f"<version>{version}</version><versioning><snapshot><timestamp>{stamp}</timestamp>"
        f"<buildNumber>{number}</buildNumber></snapshot><lastUpdated>{updated}</lastUpdated>"
        f"<snapshotVersions>{rows}</snapshotVersions></versioning></metadata>"
    ).encode()


# ---------------------------------------------------------------- the plugin


def _descriptor() -> bytes:
    group, artifact, version = PLUGIN.split(":")
    return (
        f"<plugin><name>hello</name><groupId>{group}</groupId><artifactId>{artifact}</artifactId>"
        f"<version>{version}</version><goalPrefix>acme</goalPrefix><mojos><mojo><goal>hello</goal>"
        "<requiresDependencyResolution>compile</requiresDependencyResolution><requiresProject>true</requiresProject>"
        "<implementation>com.acme.HelloMojo</implementation><language>java</language>"
        "<instantiationStrategy>per-lookup</instantiationStrategy></mojo></mojos></plugin>"
    ).encode()


def _mojo(name: str) -> bytes:
    """`public class … extends AbstractMojo { public void execute() {} }`, compiled.

    Written here byte by byte (Java Virtual Machine Specification §4), so that no compiler is needed.
    """
    above = "org/apache/maven/plugin/AbstractMojo"
    texts = (name, above, "<init>", "()V", "Code", "execute")
    pool = b"".join(b"\x01" + struct.pack(">H", len(t)) + t.encode() for t in texts)  # 1 to 6
    pool += struct.pack(">BH", 7, 1) + struct.pack(">BH", 7, 2)  # 7: this class, 8: the one above
    pool += struct.pack(">BHH", 12, 3, 4) + struct.pack(">BHH", 10, 8, 9)  # 9: <init>()V, 10: that of the one above

    def method(called: int, instructions: bytes) -> bytes:
        code = struct.pack(">HHI", 1, 1, len(instructions)) + instructions + struct.pack(">HH", 0, 0)
        return struct.pack(">HHHH", 1, called, 4, 1) + struct.pack(">HI", 5, len(code)) + code

    constructor = method(3, b"\x2a\xb7\x00\x0a\xb1")  # aload_0, invokespecial 10, return
    execute = method(6, b"\xb1")  # return
    head = struct.pack(">IHHH", 0xCAFEBABE, 0, 52, 11) + pool
    return head + struct.pack(">HHHHHH", 0x21, 7, 8, 0, 0, 2) + constructor + execute + struct.pack(">H", 0)
