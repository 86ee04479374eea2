"""Installs from the registries that this machine's own clients ask: Maven, Cargo, Go and Debian."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from bench.errands import Asked, Errand, Steps, astray, kept, pointed
from bench.places import ROOT
from bench.processes import Unavailable

from subak.ecosystems.debian import DEBIAN
from subak.sources.discovery import discover

TREE = ROOT / "bench" / "tree"

PACKAGES = ("git", "python3")


def _maven(folder: Path, asked: Asked) -> Steps:
    shutil.copy(TREE / "pom.xml", folder)
    environ = kept("M2_") if not asked.gateway else kept("MAVEN", "M2_", MAVEN_SKIP_RC="1")
    if asked.gateway:  # Java reads neither HOME nor the proxy variables
        proxies = " ".join(f"-D{scheme}.proxyHost=127.0.0.1 -D{scheme}.proxyPort=9" for scheme in ("http", "https"))
        environ = pointed("mvn", folder, asked.gateway, {**environ, "MAVEN_OPTS": f"{proxies} -Duser.home={folder}"})
    local = f"-Dmaven.repo.local={folder / 'repository'}"
    return Steps((("mvn", "-q", "-B", "-C", local, "dependency:resolve"),), environ, folder)


def _cargo(folder: Path, asked: Asked) -> Steps:
    home = folder / "cargo-home"
    home.mkdir()
    shutil.copy(TREE / "Cargo.toml", folder)
    if asked.gateway:
        environ = pointed("cargo", folder, asked.gateway, {**kept("CARGO_"), **astray()})
    else:
        environ = kept("CARGO_HOME")
        own = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
        for name in ("config.toml", "config", "credentials.toml"):
            if (own / name).is_file():
                shutil.copy(own / name, home)
    return Steps((("cargo", "fetch", "-q"),), {**environ, "CARGO_HOME": str(home)}, folder)


def _go(folder: Path, asked: Asked) -> Steps:
    shutil.copy(TREE / "go.mod", folder)
    caches = {
        "GOPATH": str(folder / "go"), "GOMODCACHE": str(folder / "modules"), "GOCACHE": str(folder / "build"),
        "GOFLAGS": "-modcacherw", "GOTOOLCHAIN": "local",
    }  # fmt: skip
    environ = kept()
    if asked.gateway:
        environ = pointed("go", folder, asked.gateway, {**environ, **astray(), "GIT_ALLOW_PROTOCOL": "none"})
    return Steps((("go", "mod", "download", "all"),), {**environ, **caches}, folder)


def _debian(folder: Path, asked: Asked) -> Steps:
    """The suite of this machine with its keys, and nothing installed: all dependencies are fetched."""
    base = f"{asked.gateway}/debian" if asked.gateway else discover(DEBIAN, "auto", os.environ, Path.home(), ()).url
    about = dict(line.partition("=")[::2] for line in Path("/etc/os-release").read_text().splitlines())
    codename = about.get("VERSION_CODENAME", "").strip('"')
    keys = sorted(Path("/usr/share/keyrings").glob(f"{about.get('ID', '')}-archive-keyring.*"))
    if not (base and codename and keys):
        raise Unavailable("this machine has no sources of apt, or no keys for them")
    for name in ("etc/apt.conf.d", "etc/preferences.d", "lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "etc" / "sources.list").write_text(f"deb [signed-by={keys[0]}] {base} {codename} main\n")
    (folder / "status").touch()
    (folder / "apt.conf").write_text(
        f'Dir::Etc "{folder}/etc";\nDir::State::lists "{folder}/lists";\nDir::State::status "{folder}/status";\n'
        f'Dir::Cache "{folder}/cache";\nDir::Log "{folder}";\nAPT::Sandbox::User "";\nAcquire::Languages "none";\n'
        'APT::Update::Error-Mode "any";\nAPT::Get::Assume-Yes "true";\nAPT::Install-Recommends "false";\n'
    )
    away = astray() if asked.gateway else {}
    environ = kept(APT_CONFIG=str(folder / "apt.conf"), LC_ALL="C", **away)
    commands = (("apt-get", "-q", "update"), ("apt-get", "-q", "install", "--download-only", *PACKAGES))
    return Steps(commands, environ, folder)


ERRANDS = (
    Errand("maven", "mvn dependency:resolve, a web service", ("mvn",), "repository/**/*.jar", _maven),
    Errand("cargo", "cargo fetch, no lock file", ("cargo",), "cargo-home/registry/cache/*/*.crate", _cargo),
    Errand("go", "go mod download, no go.sum", ("go",), "modules/cache/download/**/*.zip", _go),
    Errand("debian", "apt-get update and install --download-only", ("apt-get",), "cache/archives/*.deb", _debian),
)
