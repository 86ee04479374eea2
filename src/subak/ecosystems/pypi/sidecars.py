"""The METADATA inside a wheel: what an announced sidecar must contain when upstream does not serve it (PEP 658)."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import replace
from typing import BinaryIO

from subak.ecosystems.pypi.places import SIDECAR
from subak.errors import NotFound
from subak.model.exchange import Kind, Subject

LARGEST = 16 * 2**20
"""Bytes of METADATA that are unpacked; real ones have at most a few hundred kilobytes."""


def companion(subject: Subject) -> Subject | None:
    """The wheel that a sidecar belongs to; None for sdists, which have no METADATA that can be trusted."""
    key = subject.key.removesuffix(SIDECAR)
    return replace(subject, kind=Kind.ARTIFACT, route="file", key=key) if key.endswith(".whl") else None


def cut(subject: Subject, wheel: BinaryIO) -> bytes:
    """The bytes of NAME.dist-info/METADATA. Raises NotFound when there is not exactly one of sane size."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            found = [
                m
                for m in archive.infolist()
                if m.filename.count("/") == 1 and m.filename.endswith(".dist-info/METADATA")
            ]
            if len(found) != 1 or found[0].file_size > LARGEST:
                raise NotFound(f"{subject.key}: its wheel holds no single METADATA")
            with archive.open(found[0]) as member:
                return member.read(LARGEST)  # the size in the directory may lie, the limit does not
    # What zipfile raises for torn, encrypted, unknown or broken compression: all mean that there is no sidecar.
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise NotFound(f"{subject.key}: its wheel cannot be read: {error}") from error
