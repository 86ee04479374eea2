from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

import pytest

from subak.errors import Mismatch
from subak.trust import dirhash


def module_zip(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return path


def test_of_zip_is_the_hash_of_the_sorted_listing(tmp_path: Path) -> None:
    files = {"example.com/m@v1.0.0/b.go": b"package m\n", "example.com/m@v1.0.0/a/é.txt": b"", "x/go.mod": b"module m"}
    listing = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    assert dirhash.of_zip(module_zip(tmp_path / "m.zip", files)) == hashlib.sha256(listing.encode()).hexdigest()


def test_compression_makes_no_difference(tmp_path: Path) -> None:
    files = {"m@v1/a": b"a" * 1000, "m@v1/b": b"b"}
    stored, packed = (module_zip(tmp_path / f"{m}.zip", files, m) for m in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    assert stored.read_bytes() != packed.read_bytes()
    assert dirhash.of_zip(stored) == dirhash.of_zip(packed)


def test_of_mod_agrees_with_the_go_command() -> None:
    """From a real go.sum: the go.mod that holds nothing but its module line."""
    body = b"module github.com/google/uuid\n"
    want = "TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo="
    assert dirhash.of_mod(hashlib.sha256(body).hexdigest()) == base64.b64decode(want).hex()


def test_what_is_no_zip_is_a_mismatch(tmp_path: Path) -> None:
    torn = tmp_path / "torn.zip"
    torn.write_bytes(b"PK\x03\x04 nothing else")
    with pytest.raises(Mismatch):
        dirhash.of_zip(torn)


def test_a_zip_that_go_would_not_open_is_a_mismatch(tmp_path: Path) -> None:
    whole = module_zip(tmp_path / "m.zip", {"m@v1/a": b"a"}).read_bytes()
    for wrong in (whole[:-1] + b"\x01", whole + b"x", whole[:-1]):
        (tmp_path / "wrong.zip").write_bytes(wrong)
        with pytest.raises(Mismatch):
            dirhash.of_zip(tmp_path / "wrong.zip")


def test_a_zip_may_have_a_comment(tmp_path: Path) -> None:
    path = module_zip(tmp_path / "m.zip", {"m@v1/a": b"a"})
    before = dirhash.of_zip(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"hello"
    assert dirhash.of_zip(path) == before


def test_a_bomb_is_a_mismatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dirhash, "LARGEST", 1000)
    with pytest.raises(Mismatch, match="more than 1000"):
        dirhash.of_zip(module_zip(tmp_path / "bomb.zip", {"m@v1/a": b"0" * 5000}))


def test_names_that_could_forge_the_listing_are_a_mismatch(tmp_path: Path) -> None:
    with pytest.raises(Mismatch, match="line break"):
        dirhash.of_zip(module_zip(tmp_path / "m.zip", {"m@v1/a\nb": b""}))
