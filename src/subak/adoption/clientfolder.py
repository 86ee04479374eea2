"""Setting files and shims, for clients that no variable reaches: written into a folder of our own, never a person's.

A shim is a script that bears a program's name and stands first in PATH: it runs the real program with arguments put
in front of the person's own. A copy is a file of the machine with other addresses in it, made anew at each writing.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from subak.adoption.settings import Settings
from subak.errors import StoreFailed
from subak.sources.clientfiles import places
from subak.sources.urls import origin, split

SHIM = """\
#!/bin/sh
# Written by Subak: runs the real {name} so that it asks {url}
own={own}
unset path
rest=$PATH:
while [ -n "$rest" ]; do
    entry=${{rest%%:*}}
    rest=${{rest#*:}}
    [ "$entry" = "$own" ] || path=${{path+$path:}}$entry
done
PATH=${{path-}}
export PATH
case ${{1-}} in
    +*) first=$1 && shift && set -- "$first" {arguments} "$@" ;;
    *) set -- {arguments} "$@" ;;
esac
exec {name} "$@"
"""
"""`+toolchain` is for the program that chooses a toolchain, which takes it as the first argument only."""


def write(settings: Settings, environ: Mapping[str, str]) -> None:
    """Write the files and copies, and a shim for each program that `environ` has in its PATH: one for a program that
    is not installed would make it look installed. Each file is replaced at once. Raises StoreFailed."""
    folder = Path(settings.folder)
    try:
        for path, text in settings.files:
            _put(folder / path, text.encode(), 0o600)
        copies = copied(settings, environ)
        for path in _there(settings) - copies.keys():
            (folder / path).unlink()
        for path, body in copies.items():
            _put(folder / path, body, 0o600)
        for copy in settings.copies:
            if copy.to.endswith("/"):  # a client that is pointed at a folder misses it even when it is empty
                (folder / copy.to).mkdir(parents=True, exist_ok=True)
        for name, _ in settings.shims:
            shim = folder / "bin" / name
            if shutil.which(name, path=_elsewhere(settings, environ)):
                _put(shim, shim_for(settings, name).encode(), 0o700)
            else:
                shim.unlink(missing_ok=True)
    except OSError as error:
        raise StoreFailed(
            f"the settings of clients cannot be written to {folder}: {error.strerror}",
            fix="Set SUBAK_DATA to a writable folder.",
        ) from error


def shim_for(settings: Settings, name: str) -> str:
    """The script that stands for a program. Raises KeyError when it needs none."""
    return SHIM.format(
        name=shlex.quote(name),
        url=settings.url,
        own=shlex.quote(f"{settings.folder}/bin"),
        arguments=" ".join(map(shlex.quote, dict(settings.shims)[name])),
    )


def written(settings: Settings, environ: Mapping[str, str]) -> bool:
    """Is everything there, as it would be written now, and are the shims first in PATH? Copies that hold no address
    of ours point nobody here."""
    folder = Path(settings.folder)
    copies = copied(settings, environ)
    ours = [our.encode() for copy in settings.copies for _, our in copy.bases]
    wanted = [(path, text.encode()) for path, text in settings.files] + list(copies.items())
    try:
        if any((folder / path).read_bytes() != body for path, body in wanted):
            return False
        if _there(settings) != copies.keys() or (ours and not any(o in b for o in ours for b in copies.values())):
            return False
        return all(_stands_for(settings, name, environ) for name, _ in settings.shims)
    except OSError:
        return False


# ---------------------------------------------------------------- copies

_ADDRESS = re.compile(r"(?<![\w+])https?://[^\s\"'<>\\?#]+")
"""Not behind a '+', where it would be a list of mirrors ('mirror+http://…')."""


def copied(settings: Settings, environ: Mapping[str, str]) -> dict[str, bytes]:
    """What the copies hold, by path below the folder; files that are not there, or kept from us, have none."""
    found = {}
    for copy in settings.copies:
        for path in places(copy.source, environ, Path(environ.get("HOME", "/"))):
            if path.name.startswith("."):
                continue  # somebody is writing it
            try:
                text = path.read_bytes().decode("utf-8", "surrogateescape")
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
                continue  # the client cannot read it either
            to = copy.to + path.name if copy.to.endswith("/") else copy.to
            found[to] = rebased(text, copy.bases).encode("utf-8", "surrogateescape")
    return found


def rebased(text: str, bases: Sequence[tuple[str, str]]) -> str:
    """Every address at or below an upstream's base URL replaced by ours, for the longest base that fits. Credentials
    in it are left out: they are meant for the upstream, and the gateway has its own."""
    fitting = sorted(((base.rstrip("/"), ours) for base, ours in bases), key=lambda row: len(row[0]), reverse=True)

    def replaced(match: re.Match[str]) -> str:
        try:
            parts = split(match[0])
        except ValueError:
            return match[0]
        address = origin(parts) + parts.path
        for base, ours in fitting:
            if f"{address}/".startswith(f"{base}/"):
                return ours + address.removeprefix(base)
        return match[0]

    return _ADDRESS.sub(replaced, text)


def _there(settings: Settings) -> set[str]:
    """The copies that were written at any time, by path below the folder. Raises OSError."""
    folder, found = Path(settings.folder), set()
    for to in {copy.to for copy in settings.copies}:
        files = (folder / to).iterdir() if to.endswith("/") and (folder / to).is_dir() else [folder / to]
        found |= {f.relative_to(folder).as_posix() for f in files if f.is_file() and not f.name.startswith(".")}
    return found


# ---------------------------------------------------------------- shims


def _stands_for(settings: Settings, name: str, environ: Mapping[str, str]) -> bool:
    """Raises OSError."""
    shim = Path(settings.folder, "bin", name)
    first = shutil.which(name, path=environ.get("PATH", os.defpath))
    return first == str(shim) and shim.read_bytes() == shim_for(settings, name).encode()


def _elsewhere(settings: Settings, environ: Mapping[str, str]) -> str:
    """PATH without our own folder."""
    entries = environ.get("PATH", os.defpath).split(":")
    return ":".join(entry for entry in entries if entry != f"{settings.folder}/bin")


def _put(path: Path, body: bytes, mode: int) -> None:
    """Raises OSError."""
    if path.is_file() and path.read_bytes() == body:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(body)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
