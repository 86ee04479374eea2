"""The real package managers: where they are, how they are pointed here, how they install afresh and from a lock."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest

from e2e.running import ROOT, clean_environment

INSTALLED = ROOT / ".cache" / "clients" / "node_modules"
"""Where `make` puts the JavaScript clients, by tests/clients/package-lock.json."""


def unable(why: str) -> None:
    """Skip loudly; in CI (CI=true) nothing is skipped."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must be able to run this test: {why}")
    pytest.skip(why)


NOWHERE_ELSE = dict.fromkeys(
    ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9"
)
"""A proxy that is not there, for everything but loopback: a client that goes round the gateway fails."""


def alone(home: Path, *prefixes: str, **more: str) -> dict[str, str]:
    """The environment of a fresh machine: without the variables that begin so, and with no way round the gateway."""
    kept = {k: v for k, v in clean_environment().items() if not k.upper().startswith(prefixes)}
    return {**kept, "HOME": str(home), **NOWHERE_ELSE, **more}


def ran(
    command: Sequence[str | Path], folder: Path, environ: Mapping[str, str], typed: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, whatever that is."""
    return subprocess.run(
        command, cwd=folder, env=environ, input=typed, capture_output=True, text=True, timeout=240, check=False
    )


class Runs:
    """A machine whose client either does what it is asked or does not."""

    __slots__ = ()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the client with these arguments."""
        raise NotImplementedError

    def must(self, *arguments: str) -> str:
        """What it printed. Fails the test when it does not succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def fails(self, *arguments: str) -> str:
        """All that it said when it failed. Fails the test when it succeeds."""
        done = self.run(*arguments)
        assert done.returncode != 0, f"{arguments} succeeded:\n{done.stdout}\n{done.stderr}"
        return done.stdout + (done.stderr or "")  # None where both go one way


@dataclass(slots=True)
class Project:
    """One person's fresh machine: a home, empty caches, and a project that wants some packages."""

    folder: Path
    wants: tuple[str, ...]
    """Names, for Python with an optional PEP 508 specifier."""
    index: str
    """The Python index."""
    registry: str
    """The JavaScript registry."""
    environ: dict[str, str] = field(default_factory=dict)

    def run(self, *command: str, within: float = 240.0) -> str:
        """Run a client here. Fails the test with everything it printed when it does not succeed."""
        home = self.folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        own = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "XDG_DATA_HOME": str(home / "data")}
        environ = clean_environment(**own, **self.environ, **NOWHERE_ELSE)
        environ.pop("XDG_CONFIG_HOME", None)
        environ.pop("CI", None)  # several clients turn on frozen installs by themselves when they see it
        done = subprocess.run(
            command, cwd=self.project, env=environ, capture_output=True, text=True, timeout=within, check=False
        )
        said = f"{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, f"{' '.join(command)}\nended with {done.returncode}:\n{said}"
        return said

    @classmethod
    def behind(cls, url: str, folder: Path, wants: tuple[str, ...]) -> Self:
        """A project that installs through the gateway at `url`."""
        return cls(folder, wants, f"{url}/pypi/simple/", f"{url}/npm/")

    @property
    def project(self) -> Path:
        """The working directory."""
        path = self.folder / "project"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def again(self, folder: Path, *keep: str) -> Project:
        """The same project on another fresh machine, with these files only."""
        other = Project(folder, self.wants, self.index, self.registry)
        for name in keep:
            shutil.copy(self.project / name, other.project / name)
        return other


@dataclass(frozen=True, slots=True)
class Client:
    """One client: `install` resolves and installs, `locked` installs from what `install` left behind."""

    name: str
    ecosystem: str
    modules: str
    """Where packages end up, below the project."""
    keep: tuple[str, ...]
    """The files that make a lock, with the manifest."""
    install: Callable[[Project], None]
    locked: Callable[[Project], None]


def installed(client: Client, project: Project, name: str) -> bool:
    """Whether a package is there, importable by the name of its folder."""
    return (project.project / client.modules / name).exists()


# ---------------------------------------------------------------- Python


def _pip(project: Project, *arguments: str) -> str:
    host = ["--disable-pip-version-check", "--no-input", "--no-cache-dir", "-i", project.index]
    return project.run(sys.executable, "-m", "pip", *arguments, *host)


def _pip_install(project: Project) -> None:
    _pip(project, "install", "--target", "site", "--report", "report.json", "--ignore-installed", *project.wants)
    report = json.loads((project.project / "report.json").read_text())
    lines = []
    for row in report["install"]:
        name, version = row["metadata"]["name"], row["metadata"]["version"]
        hashes = row["download_info"]["archive_info"]["hashes"]
        lines.append(f"{name}=={version} " + " ".join(f"--hash={k}:{v}" for k, v in hashes.items()))
    (project.project / "requirements.txt").write_text("\n".join(lines) + "\n")


def _pip_locked(project: Project) -> None:
    _pip(project, "install", "--target", "site", "--require-hashes", "-r", "requirements.txt")


def _uv(project: Project, *arguments: str) -> str:
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if not uv:
        unable("uv is not installed beside this Python")
        raise AssertionError
    project.environ |= {
        "UV_CACHE_DIR": str(project.folder / "uv-cache"),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_NO_CONFIG": "1",
        "UV_LINK_MODE": "copy",
        "UV_PROJECT_ENVIRONMENT": str(project.project / "site"),
    }
    return project.run(uv, *arguments, "--default-index", project.index)


def _uv_install(project: Project) -> None:
    _uv(project, "pip", "install", "--target", "target", *project.wants)
    wants = ", ".join(json.dumps(w) for w in project.wants)
    (project.project / "pyproject.toml").write_text(
        f'[project]\nname = "somebody"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = [{wants}]\n'
    )
    _uv(project, "lock")
    _uv(project, "sync")


def _uv_locked(project: Project) -> None:
    _uv(project, "sync", "--frozen")


# ---------------------------------------------------------------- JavaScript


def _node_client(folder: str, *inside: str) -> list[str]:
    node = shutil.which("node")
    if not node:
        unable("node is not installed")
    path = INSTALLED.joinpath(folder, *inside)
    if not path.exists():
        unable(f"{folder} is not installed below {INSTALLED.parent.relative_to(ROOT)}; `make` puts it there")
    return [str(node), str(path)]


def _manifest(project: Project) -> None:
    manifest = {
        "name": "somebody",
        "version": "1.0.0",
        "private": True,
        "dependencies": dict.fromkeys(project.wants, "*"),
    }
    (project.project / "package.json").write_text(json.dumps(manifest))


def _npm(project: Project, *arguments: str) -> str:
    npm = shutil.which("npm")
    if not npm:
        unable("npm is not installed")
        raise AssertionError
    cache = str(project.folder / "npm-cache")
    return project.run(npm, *arguments, f"--registry={project.registry}", "--cache", cache, "--no-fund")


def _npm_install(project: Project) -> None:
    _manifest(project)
    _npm(project, "install")


def _npm_locked(project: Project) -> None:
    _npm(project, "ci")


def _pnpm_settings(project: Project) -> list[str]:
    project.environ |= {"PNPM_HOME": str(project.folder / "pnpm-home"), "pnpm_config_minimum_release_age": "0"}
    (project.project / ".npmrc").write_text(f"registry={project.registry}\nminimum-release-age=0\n")
    workspace = "packages: []\nminimumReleaseAge: 0\nverifyDepsBeforeRun: false\n"
    (project.project / "pnpm-workspace.yaml").write_text(workspace)
    return ["--store-dir", str(project.folder / "store")]


def _pnpm(command: Callable[[], list[str]], *, frozen: bool = False) -> Callable[[Project], None]:
    def run(project: Project) -> None:
        if not frozen:
            _manifest(project)
        lock = "--frozen-lockfile" if frozen else "--no-frozen-lockfile"
        project.run(*command(), "install", lock, *_pnpm_settings(project))

    return run


def _pnpm_10() -> list[str]:
    return _node_client("pnpm-10", "bin", "pnpm.cjs")


def _pnpm_native() -> list[str]:
    for path in sorted((INSTALLED / "@pnpm").glob("exe.*/pnpm")):
        return [str(path)]
    unable("the native pnpm is not installed; `make` puts it there")
    raise AssertionError


def _yarn_classic(*arguments: str) -> Callable[[Project], None]:
    def run(project: Project) -> None:
        if not arguments:
            _manifest(project)
        project.environ["YARN_REGISTRY"] = project.registry
        command = _node_client("yarn-classic", "bin", "yarn.js")
        cache = str(project.folder / "yarn-cache")
        project.run(*command, "install", "--non-interactive", "--cache-folder", cache, *arguments)

    return run


def _yarn_berry(*arguments: str) -> Callable[[Project], None]:
    def run(project: Project) -> None:
        if not arguments:
            _manifest(project)
            (project.project / "yarn.lock").touch()
        settings = {
            "npmRegistryServer": project.registry,
            "unsafeHttpWhitelist": ["127.0.0.1"],
            "nodeLinker": "node-modules",
            "enableGlobalCache": False,
            "cacheFolder": str(project.folder / "yarn-cache"),
            "globalFolder": str(project.folder / "yarn-global"),
            "enableTelemetry": False,
            "npmMinimalAgeGate": 0,
            "enableImmutableInstalls": bool(arguments),
        }
        (project.project / ".yarnrc.yml").write_text(json.dumps(settings))
        project.run(*_node_client("yarn-berry", "bin", "yarn.js"), "install", *arguments)

    return run


_SITE = f"site/lib/python3.{sys.version_info[1]}/site-packages"
_NODE = ("npm", "node_modules")
_PNPM = ("package.json", "pnpm-lock.yaml")
_YARN = ("package.json", "yarn.lock")

_CLIENTS = (
    Client("pip", "pypi", "site", ("requirements.txt",), _pip_install, _pip_locked),
    Client("uv", "pypi", _SITE, ("pyproject.toml", "uv.lock"), _uv_install, _uv_locked),
    Client("npm", *_NODE, ("package.json", "package-lock.json"), _npm_install, _npm_locked),
    Client("pnpm-10", *_NODE, _PNPM, _pnpm(_pnpm_10), _pnpm(_pnpm_10, frozen=True)),
    Client("pnpm", *_NODE, _PNPM, _pnpm(_pnpm_native), _pnpm(_pnpm_native, frozen=True)),
    Client("yarn-classic", *_NODE, _YARN, _yarn_classic(), _yarn_classic("--frozen-lockfile")),
    Client("yarn-berry", *_NODE, _YARN, _yarn_berry(), _yarn_berry("--immutable")),
)
ALL: Mapping[str, Client] = {client.name: client for client in _CLIENTS}
