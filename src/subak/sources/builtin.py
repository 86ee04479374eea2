"""What a client or a well-kept library has built in: the registry nobody had to name."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from subak.ecosystems.base import Hints
from subak.sources.clientfiles import places, read, tidy
from subak.sources.urls import origin, split, split_credentials

PATIENCE = 5.0
"""Seconds that a client may take to tell what it has built in."""


@dataclass(frozen=True, slots=True)
class Builtin:
    """What is built in, or why that is not known."""

    url: str = ""
    """Base URL ending in '/', '' when nothing is known."""
    where: str = ""
    """For people: 'built into pip'."""
    problem: str = ""
    """Half a sentence when `url` is ''."""
    further: Mapping[str, str] = field(default_factory=dict)
    """See `Hints.further`."""


def builtin(hints: Hints, environ: Mapping[str, str], home: Path) -> Builtin:
    """What is built in where `hints.builtin` says; never raises."""
    if not hints.builtin:
        return Builtin(problem="none is built in")
    try:
        if hints.builtin == "pip":
            library = importlib.import_module("pip._internal.models.index")
            return Builtin(split_credentials(library.PyPI.simple_url)[0], "built into pip")
        if hints.builtin == "go":
            return _go(hints, environ, home)
        return Builtin(_by_purl(hints, hints.builtin.removeprefix("purl:")), "built into packageurl-python")
    except (ImportError, AttributeError, NotImplementedError, ValueError) as error:
        return Builtin(problem=f"{hints.builtin!r} does not either ({error})")


def _by_purl(hints: Hints, kind: str) -> str:
    """Raises ImportError, AttributeError, NotImplementedError or ValueError when the library does not know."""
    library = importlib.import_module("packageurl.contrib.purl2url")
    examples = (f"pkg:{kind}/a@1", f"pkg:{kind}/a/b@1")  # some types need a namespace
    told = (tell(e) for e in examples for tell in (library.get_download_url, library.get_repo_url))
    parts = split(next((url for url in told if url), ""))
    if hints.prefix:
        host = hints.prefix + (parts.hostname or "").removeprefix("www.")
        parts = parts._replace(netloc=host if parts.port is None else f"{host}:{parts.port}")
    return split_credentials(f"{origin(parts)}/{hints.path.lstrip('/')}")[0]


# ---------------------------------------------------------------- the go command


def _go(hints: Hints, environ: Mapping[str, str], home: Path) -> Builtin:
    """What the go command here has built in; where there is none, what the library knows."""
    told = _go_env(environ, home)
    entry = next((e for e in re.split(r"[,|]", told.get("GOPROXY", "")) if urlsplit(e).scheme in ("http", "https")), "")
    key = _known_key(told.get("GOSUMDB", ""), told)
    further = {"sumdb": key} if key else {}
    if entry:
        return Builtin(split_credentials(entry)[0], "built into go", further=further)
    return Builtin(_by_purl(hints, "golang"), "built into packageurl-python", further=further)


def _go_env(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """What `go env` says when neither variables nor the person's file speak; {} if there is no go that answers."""
    program = shutil.which("go", path=environ.get("PATH", os.defpath))
    if not program:
        return {}
    quiet = {k: v for k, v in environ.items() if k not in ("GOPROXY", "GOSUMDB", "GOFLAGS")}
    # GOTOOLCHAIN: a go.mod must not make it download another go; GOENV: the person's own file is read by us.
    quiet |= {"HOME": str(home), "GOENV": "off", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    try:
        done = subprocess.run(
            [program, "env", "-json", "GOPROXY", "GOSUMDB", "GOROOT"], env=quiet, cwd="/", stdin=subprocess.DEVNULL,
            capture_output=True, timeout=PATIENCE, check=True,
        )  # fmt: skip
        told = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return {}  # a broken go says nothing; the library may know
    return {str(k): str(v) for k, v in told.items()} if isinstance(told, dict) else {}


_KEY = re.compile(r"[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*")
"""A verifier key of the note format: name, hash and the key itself in base64."""


def _known_key(named: str, told: Mapping[str, str]) -> str:
    """The key of the checksum database that GOSUMDB names ('name', 'key' or either with a URL); '' if not known."""
    first = (named.split() or [""])[0]
    if _KEY.fullmatch(first):
        return first
    keys = Path(told.get("GOROOT", ""), "src/cmd/go/internal/modfetch/key.go")
    try:
        text = keys.read_text("utf-8") if first and told.get("GOROOT") else ""
    except (OSError, ValueError):
        return ""
    return next((k for k in re.findall(r'"([^"\s]+)"', text) if k.startswith(f"{first}+") and _KEY.fullmatch(k)), "")


def further(names: Collection[str], environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """What the person says of these names (see `Hints.further`): '' for 'none', no entry when nothing is said.

    Raises ValueError with a sentence when a checksum database is named whose key is not known here: going on
    without it would switch off a guard that was asked for.
    """
    found: dict[str, str] = {}
    if "sumdb" in names:
        named, where = _go_says(("GOSUMDB",), environ, home)
        if named:
            found["sumdb"] = "" if named == "off" else _known_key(named, _go_env(environ, home))
            if not found["sumdb"] and named != "off":
                raise ValueError(
                    f"{where} names a checksum database whose key is not known here; write '<name>+<hash>+<key>'"
                )
    if "nosumdb" in names:
        named, _ = _go_says(("GONOSUMDB", "GOPRIVATE"), environ, home)
        if named:
            found["nosumdb"] = named
    return found


def _go_says(variables: Sequence[str], environ: Mapping[str, str], home: Path) -> tuple[str, str]:
    """The first of these that the environment or the go command's own file sets, and where; '' if none. Like go,
    takes an empty value for none. Raises ValueError when the file cannot be read."""
    files = ("$GOENV",) if environ.get("GOENV") else ("~/.config/go/env", "~/Library/Application Support/go/env")
    paths = [path for file in files for path in places(file, environ, home)]
    for variable in variables:
        for path in (None, *paths):
            named = (read(path, "env", environ) if path else environ).get(variable, "").strip()
            if named:
                return named, tidy(path, home) if path else variable
    return "", ""
