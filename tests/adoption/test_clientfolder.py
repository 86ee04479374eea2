"""Files and shims, as real shells run them."""

from __future__ import annotations

import dataclasses
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as options
from hypothesis import strategies as st

from subak.adoption.clientfolder import shim_for, write, written
from subak.adoption.settings import Settings, render
from subak.errors import StoreFailed

URL = "http://127.0.0.1:8765"


def _settings(tmp_path: Path, *arguments: str, name: str = "tool") -> Settings:
    folder = f"{tmp_path}/it's a folder"
    return Settings(URL, ("tool",), (), folder, (("a/b.toml", "x = 1\n"),), ((name, arguments),))


def _install(tmp_path: Path, name: str = "tool") -> dict[str, str]:
    """A program that tells its arguments, one a line, and then its PATH."""
    program = tmp_path / "bin" / name
    program.parent.mkdir(exist_ok=True)
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" "PATH=$PATH"\n')
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


def _run(settings: Settings, environ: dict[str, str], *arguments: str) -> list[str]:
    path = f"{settings.folder}/bin:{environ['PATH']}"
    done = subprocess.run(["tool", *arguments], env={"PATH": path}, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_shim_puts_arguments_in_front(tmp_path: Path) -> None:
    settings, environ = _settings(tmp_path, "--config", "a 'b' $c\\"), _install(tmp_path)
    write(settings, environ)
    assert _run(settings, environ, "build", "x y", "") == [
        "--config", "a 'b' $c\\", "build", "x y", "", f"PATH={environ['PATH']}"
    ]  # fmt: skip
    assert _run(settings, environ)[:-1] == ["--config", "a 'b' $c\\"]


def test_a_toolchain_stays_first(tmp_path: Path) -> None:
    settings, environ = _settings(tmp_path, "--config", "x"), _install(tmp_path)
    write(settings, environ)
    assert _run(settings, environ, "+nightly", "build", "+no")[:-1] == ["+nightly", "--config", "x", "build", "+no"]


def test_shims_of_two_gateways_follow_each_other(tmp_path: Path) -> None:
    environ = _install(tmp_path)
    outer = _settings(tmp_path, "outer")
    inner = dataclasses.replace(outer, folder=f"{tmp_path}/inner", shims=(("tool", ("inner",)),))
    write(outer, environ)
    write(inner, environ)
    path = {"PATH": f"{outer.folder}/bin:{environ['PATH']}"}
    assert _run(inner, path, "x") == ["outer", "inner", "x", f"PATH={environ['PATH']}"]


@options(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["", "/usr/bin", "/bin", "OWN", "/a b", "*"]), max_size=6))
def test_only_our_folder_leaves_the_path(tmp_path_factory: pytest.TempPathFactory, entries: list[str]) -> None:
    tmp_path = tmp_path_factory.mktemp("shim")
    settings = _settings(tmp_path)
    own = f"{settings.folder}/bin"
    shim = tmp_path / "shim"
    # The real program is looked for as everything else is; this one is found without PATH.
    shim.write_text(shim_for(settings, "tool").replace("exec tool", 'printf "%s" "$PATH"; : '))
    path = ":".join([*(own if e == "OWN" else e for e in entries), "/usr/bin"])
    told = subprocess.run(["/bin/sh", str(shim)], env={"PATH": path}, capture_output=True, text=True, check=True).stdout
    assert told == ":".join(e for e in path.split(":") if e != own)


def test_a_program_that_is_not_installed_gets_no_shim(tmp_path: Path) -> None:
    settings, environ = _settings(tmp_path, "x"), _install(tmp_path)
    write(settings, environ)
    assert Path(settings.folder, "bin", "tool").exists()
    (tmp_path / "bin" / "tool").unlink()
    write(settings, {"PATH": f"{settings.folder}/bin:{tmp_path}/bin"})
    assert not Path(settings.folder, "bin", "tool").exists()
    assert Path(settings.folder, "a", "b.toml").read_text() == "x = 1\n"


def test_files_are_private_complete_and_not_touched_without_need(tmp_path: Path) -> None:
    settings, environ = _settings(tmp_path, "x"), _install(tmp_path)
    write(settings, environ)
    file, shim = Path(settings.folder, "a", "b.toml"), Path(settings.folder, "bin", "tool")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(shim.stat().st_mode) == 0o700
    before = file.stat().st_ino
    write(settings, environ)
    assert file.stat().st_ino == before
    file.write_text("somebody else's")
    write(settings, environ)
    assert file.read_text() == "x = 1\n"
    assert sorted(p.name for p in file.parent.iterdir()) == ["b.toml"]


def test_written(tmp_path: Path) -> None:
    settings, environ = _settings(tmp_path, "x"), _install(tmp_path)
    path = {"PATH": f"{settings.folder}/bin:{environ['PATH']}"}
    assert not written(settings, path)
    write(settings, environ)
    assert written(settings, path)
    assert not written(settings, environ), "it is not first in PATH"
    assert not written(dataclasses.replace(settings, shims=(("tool", ("y",)),)), path)
    Path(settings.folder, "a", "b.toml").write_text("x = 2\n")
    assert not written(settings, path)


def test_nothing_to_write_needs_no_folder(tmp_path: Path) -> None:
    write(Settings(URL, (), (), f"{tmp_path}/none"), {})
    assert not (tmp_path / "none").exists()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "it's a folder").write_text("a file")
    with pytest.raises(StoreFailed, match="the settings of clients cannot be written") as caught:
        write(_settings(tmp_path, "x"), {})
    assert "SUBAK_DATA" in caught.value.fix


@pytest.mark.parametrize("shell", ["sh", "fish"])
def test_shells_put_the_shim_first(tmp_path: Path, shell: str) -> None:
    if not shutil.which(shell) and os.environ.get("CI") != "true":
        pytest.skip(f"{shell} is not installed (CI must have it)")
    environ = _install(tmp_path)
    settings = _settings(tmp_path, "--ours")
    write(settings, environ)
    settings = dataclasses.replace(settings, environ=(("PATH", f"{settings.folder}/bin:{environ['PATH']}"),))
    script = render(settings, "fish" if shell == "fish" else "bash") + "tool --mine"
    command = [shell, *(["--no-config"] if shell == "fish" else []), "-c", script]
    done = subprocess.run(command, env={**os.environ, **environ}, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[:2] == ["--ours", "--mine"]
