"""What `subak init` writes is read back by `subak serve`, as it is and with every default uncommented."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.adoption.init import text, value, write
from subak.config import Bytes, Config, Seconds, load, parse_bytes, parse_seconds
from subak.errors import ConfigError, StoreFailed
from subak.sources.discovery import CLIENT, OFF, Found

UPSTREAMS = [
    Found(
        "pypi",
        "https://registry.example/simple/",
        "from PIP_INDEX_URL",
        authorization="Basic c2VjcmV0",
        notes=("a\nb",),
    ),
    Found("npm", problem="it is switched off", by=OFF),
    Found("cargo", problem="no client here names one"),
    Found("go", problem="the address from X is not a URL", by=CLIENT),
]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    file = write(tmp_path / "new", UPSTREAMS)
    config = load(str(file), {})
    assert config.upstream.registries == {"pypi": "https://registry.example/simple/", "npm": "off"}
    assert config.server == Config().server
    assert "c2VjcmV0" not in file.read_text()
    assert [p.name for p in file.parent.iterdir()] == ["subak.toml"]


def test_ecosystems_that_nobody_names_are_no_errors() -> None:
    rows = text(UPSTREAMS).splitlines()
    assert rows[-2:] == ["# These are served once they have one; no client here names any yet.", '#cargo = "auto"']
    assert "no client here names one" not in rows
    assert rows[rows.index('#go = "auto"') - 1] == "# the address from X is not a URL"


def test_every_default_can_be_uncommented(tmp_path: Path) -> None:
    file = tmp_path / "subak.toml"
    rows = [line[1:] if line.startswith("#") and not line.startswith("# ") else line for line in text(()).splitlines()]
    file.write_text("\n".join(rows))
    assert dataclasses.replace(load(str(file), {}), source="defaults") == Config()
    assert sum(" = " in row and not row.startswith("#") for row in rows) > 30


def test_it_does_not_overwrite_unless_forced(tmp_path: Path) -> None:
    (tmp_path / "subak.toml").write_text("# mine\n")
    with pytest.raises(ConfigError, match="exists already"):
        write(tmp_path, UPSTREAMS)
    assert (tmp_path / "subak.toml").read_text() == "# mine\n"
    write(tmp_path, UPSTREAMS, force=True)
    assert "pypi" in (tmp_path / "subak.toml").read_text()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailed):
        write(tmp_path / "file", UPSTREAMS)


@given(st.integers(0, 2**60).map(Bytes))
def test_sizes_are_exact(size: Bytes) -> None:
    assert parse_bytes(value(size)[1:-1]) == size or size >= 2**53


@given(st.integers(0, 10**8).map(Seconds))
def test_durations_are_close(seconds: Seconds) -> None:
    assert parse_seconds(value(seconds)[1:-1]) == pytest.approx(seconds, rel=1e-5)


@given(st.text(st.characters(exclude_categories=("Cs",))), st.text(st.characters(exclude_categories=("Cs",))))
def test_any_words_leave_a_readable_file(tmp_path_factory: pytest.TempPathFactory, url: str, where: str) -> None:
    file = tmp_path_factory.mktemp("any") / "subak.toml"
    file.write_text(
        text([Found("pypi", f"https://registry.example/{'x' if any(c.isspace() for c in url) else url}", where)])
    )
    assert load(str(file), {}).upstream.registries["pypi"].startswith("https://registry.example/")
