from __future__ import annotations

from pathlib import Path

import pytest

from subak.errors import StoreFailed
from subak.store.policy import FILE, changed_at


def test_no_rules_never_changed(tmp_path: Path) -> None:
    assert changed_at(tmp_path, [], 10.0) == 0.0
    assert not (tmp_path / FILE).exists()


def test_the_time_of_a_change_is_remembered(tmp_path: Path) -> None:
    assert changed_at(tmp_path, ["pkg:npm/a", "pkg:npm/b"], 10.0) == 10.0
    assert changed_at(tmp_path, ["pkg:npm/b", "pkg:npm/a"], 20.0) == 10.0
    assert changed_at(tmp_path, ["pkg:npm/a"], 30.0) == 30.0


def test_relaxing_is_a_change_as_well(tmp_path: Path) -> None:
    changed_at(tmp_path, ["pkg:npm/a"], 10.0)
    assert changed_at(tmp_path, [], 20.0) == 20.0
    assert changed_at(tmp_path, [], 30.0) == 20.0


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rules": "x"}', "\x00"])
def test_what_cannot_be_read_changed_now(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert changed_at(tmp_path, [], 10.0) == 10.0
    assert changed_at(tmp_path, [], 20.0) == 10.0


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "policy.new").mkdir()
    with pytest.raises(StoreFailed, match="policy"):
        changed_at(tmp_path, ["pkg:npm/a"], 1.0)
