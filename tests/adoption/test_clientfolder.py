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

from subak.adoption.clientfolder import copied, rebased, shim_for, write, written
from subak.adoption.settings import Copy, Settings, render
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


# ---------------------------------------------------------------- copies

BASES = (("http://h.example/debian/", "OURS/debian"), ("http://h.example/debian/old/", "OURS/debian-old"))


@pytest.mark.parametrize(
    ("text", "copy"),
    [
        ("deb http://h.example/debian stable main\n", "deb OURS/debian stable main\n"),
        ("deb http://h.example/debian/ stable main", "deb OURS/debian/ stable main"),
        ("URIs: http://h.example/debian", "URIs: OURS/debian"),
        ("URIs: http://h.example/debian/a https://h.example/debian", "URIs: OURS/debian/a https://h.example/debian"),
        ("<url>http://h.example/debian</url>", "<url>OURS/debian</url>"),
        ('"http://h.example/debian", x', '"OURS/debian", x'),
        ("deb http://me:secret@H.example:80/debian stable main", "deb OURS/debian stable main"),
        ("deb http://h.example/debian/old stable main", "deb OURS/debian-old stable main"),
        ("http://h.example/debian/older", "OURS/debian/older"),
        ("http://h.example/debian?a#b", "OURS/debian?a#b"),
        # somebody else's, and what is no address of a registry
        ("http://h.example/debian-security", None),
        ("http://h.example/", None),
        ("http://h.example:8080/debian", None),
        ("http://h.example.evil/debian", None),
        ("ftp://h.example/debian", None),
        ("mirror+http://h.example/debian", None),
        ("http://[h.example/debian", None),
        ("h.example/debian", None),
    ],
)
def test_addresses_below_an_upstream_become_ours(text: str, copy: str | None) -> None:
    assert rebased(text, BASES) == (text if copy is None else copy)


@given(st.text(), st.text())
def test_any_text_can_be_copied(before: str, behind: str) -> None:
    copy = rebased(f"{before} http://h.example/debian {behind}", BASES)
    assert copy == f"{before} OURS/debian {behind}"
    assert rebased(copy, BASES) == copy


def _copying(tmp_path: Path) -> Settings:
    bases = (("http://h.example/debian/", URL),)
    machine = tmp_path / "etc"
    copies = (Copy(f"{machine}/one", "apt/one", bases), *(Copy(f"{machine}/d/*.{s}", "apt/d/", bases) for s in "ab"))
    return Settings(URL, ("x",), (), f"{tmp_path}/folder", (("apt/conf", "x\n"),), (), copies)


def test_copies_follow_the_machine(tmp_path: Path) -> None:
    settings = _copying(tmp_path)
    machine, folder = tmp_path / "etc", tmp_path / "folder" / "apt"
    (machine / "d").mkdir(parents=True)
    write(settings, {})
    assert sorted(p.name for p in folder.rglob("*")) == ["conf", "d"]
    assert not written(settings, {}), "nothing points here"
    (machine / "one").write_bytes(b"# \xff\r\nhttp://h.example/debian a\r\n")
    (machine / "d" / "x.a").write_text("http://h.example/debian")
    (machine / "d" / "x.b").write_text("http://other.example/debian")
    (machine / "d" / "x.c").write_text("not read")
    (machine / "d" / ".y.a").write_text("half written")
    (machine / "d" / "z.a").mkdir()
    assert not written(settings, {})
    write(settings, {})
    assert written(settings, {})
    assert (folder / "one").read_bytes() == f"# \xff\r\n{URL} a\r\n".encode("latin-1")
    assert {p.name: p.read_text() for p in (folder / "d").iterdir()} == {
        "x.a": URL,
        "x.b": "http://other.example/debian",
    }
    assert stat.S_IMODE((folder / "d" / "x.b").stat().st_mode) == 0o600, "it may hold credentials"
    (machine / "one").unlink()
    (machine / "d" / "x.a").unlink()
    assert not written(settings, {})
    write(settings, {})
    assert not (folder / "one").exists()
    assert [p.name for p in (folder / "d").iterdir()] == ["x.b"]
    assert (folder / "conf").read_text() == "x\n"


def test_a_file_that_is_kept_from_us_is_left_out(tmp_path: Path) -> None:
    settings, file = _copying(tmp_path), tmp_path / "etc" / "one"
    file.parent.mkdir()
    file.touch(mode=0)
    root = os.geteuid() == 0
    os.seteuid(65534 if root else os.geteuid())  # nothing is kept from root
    try:
        assert copied(settings, {}) == {}
    finally:
        os.seteuid(0 if root else os.geteuid())


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "one").symlink_to("one")
    with pytest.raises(StoreFailed, match="the settings of clients cannot be written"):
        write(_copying(tmp_path), {})


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
