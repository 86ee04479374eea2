"""Setting files and shims, for clients that no variable reaches: written into a folder of our own, never a person's.

A shim is a script that bears a program's name and stands first in PATH: it runs the real program with arguments put
in front of the person's own.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from subak.adoption.settings import Settings
from subak.errors import StoreFailed

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
    """Write the files, and a shim for each program that `environ` has in its PATH: one for a program that is not
    installed would make it look installed. Each file is replaced at once. Raises StoreFailed."""
    folder = Path(settings.folder)
    try:
        for path, text in settings.files:
            _put(folder / path, text, 0o600)
        for name, _ in settings.shims:
            shim = folder / "bin" / name
            if shutil.which(name, path=_elsewhere(settings, environ)):
                _put(shim, shim_for(settings, name), 0o700)
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
    """Is everything there, as it would be written now, and are the shims first in PATH?"""
    folder = Path(settings.folder)
    try:
        files = all((folder / path).read_bytes() == text.encode() for path, text in settings.files)
        return files and all(_stands_for(settings, name, environ) for name, _ in settings.shims)
    except OSError:
        return False


def _stands_for(settings: Settings, name: str, environ: Mapping[str, str]) -> bool:
    """Raises OSError."""
    shim = Path(settings.folder, "bin", name)
    first = shutil.which(name, path=environ.get("PATH", os.defpath))
    return first == str(shim) and shim.read_bytes() == shim_for(settings, name).encode()


def _elsewhere(settings: Settings, environ: Mapping[str, str]) -> str:
    """PATH without our own folder."""
    entries = environ.get("PATH", os.defpath).split(":")
    return ":".join(entry for entry in entries if entry != f"{settings.folder}/bin")


def _put(path: Path, text: str, mode: int) -> None:
    """Raises OSError."""
    if path.is_file() and path.read_bytes() == text.encode():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
