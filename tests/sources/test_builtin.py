"""What is built in, with clients of our own making."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from subak.ecosystems.base import Hints
from subak.sources import builtin as module
from subak.sources.builtin import builtin, further

KEY = "sum.example+0123abcd+" + "A+/" * 14 + "AA=="
GO = Hints(builtin="go", further=("sumdb",))


def _go(tmp_path: Path, body: str) -> dict[str, str]:
    """A machine whose go command is this Python program."""
    program = tmp_path / "bin" / "go"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!{sys.executable}\nimport json, os, sys\n{body}\n")
    program.chmod(0o755)
    return {"PATH": str(program.parent)}


def _telling(tmp_path: Path, **told: str) -> dict[str, str]:
    keys = tmp_path / "root" / "src" / "cmd" / "go" / "internal" / "modfetch" / "key.go"
    keys.parent.mkdir(parents=True, exist_ok=True)
    keys.write_text(f'var known = map[string]string{{\n\t"sum.example": "{KEY}",\n}}\n')
    return _go(tmp_path, f"print(json.dumps({ {'GOROOT': str(tmp_path / 'root'), **told}!r}))")


def test_nothing_is_built_in(tmp_path: Path) -> None:
    found = builtin(Hints(), {}, tmp_path)
    assert (found.url, found.problem) == ("", "none is built in")
    assert "'purl:nosuchtype' does not either" in builtin(Hints(builtin="purl:nosuchtype"), {}, tmp_path).problem
    assert "'purl:deb' does not either" in builtin(Hints(builtin="purl:deb"), {}, tmp_path).problem


def _host(tmp_path: Path, kind: str, prefix: str = "", path: str = "") -> tuple[str, str]:
    parts = urlsplit(builtin(Hints(builtin=f"purl:{kind}", prefix=prefix, path=path), {}, tmp_path).url)
    return parts.netloc, parts.path


@pytest.mark.parametrize("kind", ["npm", "cargo", "gem", "maven", "golang", "nuget", "composer"])
def test_the_library_knows_a_root(tmp_path: Path, kind: str) -> None:
    host, path = _host(tmp_path, kind)
    assert host
    assert path == "/"


def test_a_prefix_stands_before_the_host(tmp_path: Path) -> None:
    plain, _ = _host(tmp_path, "cargo")
    assert _host(tmp_path, "cargo", "index.", "/v1") == (f"index.{plain}", "/v1/")
    plain, _ = _host(tmp_path, "nuget")
    assert plain.startswith("www.")
    assert _host(tmp_path, "nuget", "api.") == (f"api.{plain.removeprefix('www.')}", "/")


# ---------------------------------------------------------------- go


def _sumdb(environ: dict[str, str], home: Path) -> str:
    return further(("sumdb",), environ, home)["sumdb"]


def test_go_tells_its_proxy_and_the_key_of_its_database(tmp_path: Path) -> None:
    environ = _telling(tmp_path, GOPROXY="off|https://me:pw@registry.example/go,direct", GOSUMDB="sum.example")
    found = builtin(GO, environ, tmp_path)
    assert (found.url, found.where, found.further) == ("https://registry.example/go/", "built into go", {"sumdb": KEY})


def test_go_is_asked_for_what_is_built_in_and_nothing_else(tmp_path: Path) -> None:
    environ = _go(
        tmp_path, "open(os.environ['HOME'] + '/asked', 'w').write(json.dumps([sys.argv[1:], dict(os.environ)]))"
    )
    builtin(GO, {**environ, "GOPROXY": "x", "GOSUMDB": "y", "HOME": "/elsewhere"}, tmp_path)
    arguments, seen = json.loads((tmp_path / "asked").read_text())
    assert arguments == ["env", "-json", "GOPROXY", "GOSUMDB", "GOROOT"]
    assert (seen["GOENV"], seen["GOTOOLCHAIN"], "GOPROXY" in seen, "GOSUMDB" in seen) == ("off", "local", False, False)


@pytest.mark.parametrize(
    "body",
    [
        "sys.exit(1)",
        "print('no json')",
        "print('[]')",
        "print(json.dumps({'GOPROXY': 'direct'}))",
        "import time; time.sleep(60)",
    ],
)
def test_where_go_does_not_tell_the_library_does(tmp_path: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    found = builtin(GO, _go(tmp_path, body), tmp_path)
    assert found.where == "built into packageurl-python"
    assert found.url.startswith("https://")
    assert found.further == {}


def test_without_go_the_library_knows(tmp_path: Path) -> None:
    assert builtin(GO, {"PATH": str(tmp_path)}, tmp_path).where == "built into packageurl-python"


@pytest.mark.parametrize(
    ("named", "key"),
    [
        ("sum.example", KEY),
        ("sum.example https://mirror.example", KEY),
        (KEY, KEY),
        (f"{KEY} https://x", KEY),
        ("off", ""),
    ],
)
def test_the_database_that_a_person_names(tmp_path: Path, named: str, key: str) -> None:
    environ = _telling(tmp_path, GOSUMDB="other.example")
    assert _sumdb({**environ, "GOSUMDB": named}, tmp_path) == key
    for place in (tmp_path / ".config" / "go" / "env", tmp_path / "named"):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"GOFLAGS=x\nGOSUMDB={named}\n")
    assert _sumdb(environ, tmp_path) == key
    (tmp_path / ".config" / "go" / "env").unlink()
    assert _sumdb({**environ, "GOENV": str(tmp_path / "named")}, tmp_path) == key


def test_nobody_names_a_database(tmp_path: Path) -> None:
    assert further(("sumdb", "nosumdb"), {"PATH": str(tmp_path), "GOSUMDB": " "}, tmp_path) == {}


@pytest.mark.parametrize(
    ("environ", "patterns"),
    [
        ({"GONOSUMDB": "a.example,*.b", "GOPRIVATE": "c"}, "a.example,*.b"),
        ({"GOPRIVATE": "c"}, "c"),
        ({"GONOSUMDB": ""}, "in.file"),
    ],
)
def test_modules_that_no_database_knows(tmp_path: Path, environ: dict[str, str], patterns: str) -> None:
    (tmp_path / "env").write_text("GOPRIVATE=in.file\n")
    assert further(("nosumdb",), {**environ, "GOENV": f"{tmp_path}/env"}, tmp_path) == {"nosumdb": patterns}
    assert further(("sumdb",), environ, tmp_path) == {}


@pytest.mark.parametrize("named", ["unknown.example", "sum.example+short", "sum.examp", "+0123abcd+AAAA"])
def test_a_database_without_a_known_key_is_a_problem(tmp_path: Path, named: str) -> None:
    with pytest.raises(ValueError, match="whose key is not known"):
        _sumdb({**_telling(tmp_path), "GOSUMDB": named}, tmp_path)


@pytest.mark.skipif(
    not shutil.which("go") and os.environ.get("CI") != "true", reason="go is not installed (CI must have it)"
)
def test_the_real_go(tmp_path: Path) -> None:
    environ = {"PATH": str(Path(shutil.which("go") or "").parent)}
    found = builtin(GO, environ, tmp_path)
    assert found.where == "built into go"
    name, _, rest = found.further["sumdb"].partition("+")
    assert "." in name
    assert _sumdb({**environ, "GOSUMDB": name}, tmp_path) == f"{name}+{rest}"
