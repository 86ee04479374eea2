"""Where upstreams are found, in which order, and what is passed over."""

from __future__ import annotations

import base64
import dataclasses
from pathlib import Path

import pytest

from subak.ecosystems.base import Ecosystem, Hints, SettingFile
from subak.errors import ConfigError, StoreFailed
from subak.model.exchange import UNIDENTIFIED
from subak.sources.discovery import (
    BUILTIN,
    CHOSEN,
    CLIENT,
    MEMORY,
    REMEMBERED,
    Found,
    discover,
    discover_all,
    recall,
    remember,
)
from subak.sources.urls import addresses

OWN = addresses("127.0.0.1", 8765)
US = "http://127.0.0.1:8765/pypi/simple/"
COMPANY = "https://registry.example/simple/"


def _ecosystem(name: str, hints: Hints) -> Ecosystem:
    return Ecosystem(
        name=name, title=name, routes=(), subject=lambda r, p: UNIDENTIFIED, source=lambda s, b: b, hints=hints
    )


PY = _ecosystem(
    "pypi",
    Hints(
        environ=("PIP_INDEX_URL", "UV_DEFAULT_INDEX"),
        files=(SettingFile("~/.config/pip/pip.conf", "ini", ("global.index-url",)),),
        builtin="pip",
    ),
)
JS = _ecosystem(
    "npm",
    Hints(
        environ=("npm_config_registry",),
        files=(SettingFile("~/.npmrc", "npmrc", ("registry",)),),
        builtin="purl:npm",
    ),
)


def _pip_conf(home: Path, url: str) -> None:
    file = home / ".config" / "pip" / "pip.conf"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"[global]\nindex-url = {url}\n")


def test_the_operators_choice_comes_first(tmp_path: Path) -> None:
    _pip_conf(tmp_path, "https://files.example/simple")
    found = discover(PY, "https://registry.example/simple", {"PIP_INDEX_URL": "https://x.example"}, tmp_path, OWN)
    assert (found.url, found.where, found.by) == (COMPANY, "from subak.toml", CHOSEN)
    environ = {"SUBAK_UPSTREAM_PYPI": COMPANY}
    assert discover(PY, COMPANY, environ, tmp_path, OWN).where == "from SUBAK_UPSTREAM_PYPI"


def test_off_means_none(tmp_path: Path) -> None:
    found = discover(PY, "off", {"PIP_INDEX_URL": COMPANY}, tmp_path, OWN)
    assert found.url == ""
    assert "switched off" in found.problem
    assert (found.off, found.unnamed) == (True, False)


def test_variables_before_files_before_what_is_built_in(tmp_path: Path) -> None:
    assert discover(PY, "auto", {}, tmp_path, OWN).by == BUILTIN
    _pip_conf(tmp_path, COMPANY)
    found = discover(PY, "auto", {}, tmp_path, OWN)
    assert (found.url, found.where, found.by) == (COMPANY, "from ~/.config/pip/pip.conf", CLIENT)
    found = discover(PY, "auto", {"UV_DEFAULT_INDEX": "corp=https://files.example/a"}, tmp_path, OWN)
    assert (found.url, found.where) == ("https://files.example/a/", "from UV_DEFAULT_INDEX")


def test_what_is_built_in_ends_in_a_slash(tmp_path: Path) -> None:
    python, script = discover_all((PY, JS), {}, {}, tmp_path, OWN)
    assert python.where == "built into pip"
    assert python.url.endswith("/simple/")
    assert script.where == "built into packageurl-python"
    assert script.url.startswith("https://")
    assert script.url.count("/") == 3
    below = _ecosystem("npm", Hints(builtin="purl:npm", path="/a/b"))
    assert discover(below, "auto", {}, tmp_path, OWN).url == f"{script.url}a/b/"


@pytest.mark.parametrize("builtin", ["", "purl:nosuchtype"])
def test_no_upstream_says_how_to_set_one(builtin: str, tmp_path: Path) -> None:
    found = discover(_ecosystem("cargo", Hints(builtin=builtin)), "auto", {}, tmp_path, OWN)
    assert found.url == ""
    assert "SUBAK_UPSTREAM_CARGO" in found.problem
    assert (found.off, found.unnamed) == (False, True)


def test_ourselves_are_passed_over_and_told(tmp_path: Path) -> None:
    _pip_conf(tmp_path, COMPANY)
    found = discover(PY, "auto", {"PIP_INDEX_URL": "http://localhost:8765/pypi/simple"}, tmp_path, OWN)
    assert found.url == COMPANY
    assert found.notes == ("the address from PIP_INDEX_URL is this gateway and was passed over",)


def test_choosing_ourselves_is_a_problem(tmp_path: Path) -> None:
    found = discover(PY, US, {}, tmp_path, OWN)
    assert found.url == ""
    assert "this gateway itself" in found.problem


@pytest.mark.parametrize(
    "value", ["file:///srv/index", "registry.example/simple", "https://", "https://u:secret@[", "ftp://x"]
)
def test_a_setting_that_means_nothing_stops_the_search(value: str, tmp_path: Path) -> None:
    found = discover(PY, "auto", {"PIP_INDEX_URL": value}, tmp_path, OWN)
    assert found.url == ""
    assert "PIP_INDEX_URL" in found.problem
    assert "secret" not in repr(found)


def test_settings_that_are_no_urls_yet_are_cleaned(tmp_path: Path) -> None:
    hints = Hints(
        environ=("GOPROXY",),
        files=(SettingFile("~/list.d/*.conf", "env", ("PROXY",)),),
        clean=lambda text: next((part for part in text.split(",") if part.startswith("http")), ""),
    )
    go = _ecosystem("go", hints)
    found = discover(go, "auto", {"GOPROXY": f"off,{COMPANY},direct"}, tmp_path, OWN)
    assert (found.url, found.where) == (COMPANY, "from GOPROXY")
    (tmp_path / "list.d").mkdir()
    (tmp_path / "list.d" / "a.conf").write_text("PROXY=off\n")
    (tmp_path / "list.d" / "b.conf").write_text(f"PROXY={COMPANY},off\n")
    found = discover(go, "auto", {"GOPROXY": "direct"}, tmp_path, OWN)
    assert (found.url, found.where) == (COMPANY, "from ~/list.d/b.conf")
    assert found.notes == (
        "the setting from GOPROXY names no address and was passed over",
        "the setting from ~/list.d/a.conf names no address and was passed over",
    )


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("is served by git, which we do not read", "is served by git, which we do not read"),
        ("'me:secret@' does not appear to be an address", "is not a URL"),
        ("secret", "is not a URL"),
        ("is a secret", "is not a URL"),
    ],
)
def test_a_setting_that_cannot_be_cleaned_stops_the_search_unquoted(words: str, shown: str, tmp_path: Path) -> None:
    def refuse(text: str) -> str:
        raise ValueError(words)

    found = discover(_ecosystem("go", Hints(environ=("X",), clean=refuse)), "auto", {"X": "secret"}, tmp_path, OWN)
    assert found.problem == f"the address from X {shown}"


def test_a_broken_file_stops_the_search(tmp_path: Path) -> None:
    _pip_conf(tmp_path, COMPANY)
    (tmp_path / ".config" / "pip" / "pip.conf").write_text("index-url = https://u:secret@x\n")
    found = discover(PY, "auto", {}, tmp_path, OWN)
    assert found.url == ""
    assert "~/.config/pip/pip.conf" in found.problem
    assert "secret" not in repr(found)


LISTED = _ecosystem(
    "debian",
    Hints(files=(SettingFile("~/sources.list", "apt", ("deb",)),), besides=(("security", "deb-security"),)),
)


@pytest.mark.parametrize(
    ("uri", "registries", "told"),
    [
        ("http://me:secret@h.example/debian-security", {}, "http://h.example/debian-security/ as well: set SUBAK_UPST"),
        ("http://h.example/debian-security", {"debian-security": "off"}, ""),
        ("http://h.example/debian", {}, ""),
        ("http://127.0.0.1:8765/debian-security", {}, ""),
        ("file:///srv/security", {}, ""),
        ("http://h.example/debian-security", {"debian": "off"}, ""),
    ],
)
def test_registries_besides_are_told(tmp_path: Path, uri: str, registries: dict[str, str], told: str) -> None:
    (tmp_path / "sources.list").write_text(f"deb http://h.example/debian a main\ndeb {uri} a-security main\n")
    (found,) = discover_all([LISTED], registries, {}, tmp_path, OWN)
    assert bool(found.notes) == bool(told)
    assert told in "".join(found.notes)
    assert "secret" not in repr(found)


# ---------------------------------------------------------------- credentials


def test_credentials_leave_the_url(tmp_path: Path) -> None:
    found = discover(PY, "auto", {"PIP_INDEX_URL": "https://us%40er:se%3Acret@registry.example/simple"}, tmp_path, OWN)
    assert found.url == COMPANY
    assert base64.b64decode(found.authorization.removeprefix("Basic ")) == b"us@er:se:cret"
    assert "cret" not in repr(found)
    assert found.authorization not in repr(found)


def test_tokens_of_npmrc_follow_the_nearest_path(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text(
        "registry=https://registry.example/a/npm\n"
        "//registry.example/:_authToken=far\n"
        "//registry.example/a/:_authToken=${TOKEN}\n"
        "//registry.example/a/npm-other/:_authToken=wrong\n"
    )
    assert discover(JS, "auto", {"TOKEN": "near"}, tmp_path, OWN).authorization == "Bearer near"
    assert discover(JS, "auto", {}, tmp_path, OWN).authorization == "Bearer far"
    elsewhere = discover(JS, "https://files.example/a/npm/", {}, tmp_path, OWN)
    assert elsewhere.authorization == ""


def test_user_and_password_of_npmrc(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text(
        "registry=https://registry.example/\n//registry.example/:username=me\n//registry.example/:_password=cHc=\n"
    )
    assert discover(JS, "auto", {}, tmp_path, OWN).authorization == "Basic bWU6cHc="


def test_a_personal_token_for_the_built_in_registry_is_not_lent_to_everybody(tmp_path: Path) -> None:
    host = discover(JS, "auto", {}, tmp_path, OWN).url.removeprefix("https:")
    (tmp_path / ".npmrc").write_text(f"registry=https:{host}\n{host}:_authToken=personal\n")
    found = discover(JS, "auto", {}, tmp_path, OWN)
    assert (found.by, found.authorization) == (CLIENT, "")


def test_a_choice_without_credentials_borrows_those_of_the_client_for_the_same_origin(tmp_path: Path) -> None:
    environ = {"PIP_INDEX_URL": "https://me:pw@registry.example/simple"}
    found = discover(PY, COMPANY, environ, tmp_path, OWN)
    assert found.authorization == "Basic bWU6cHc="
    assert found.notes == ("credentials for it are taken from PIP_INDEX_URL",)
    assert discover(PY, "http://registry.example/simple/", environ, tmp_path, OWN).authorization == ""


# ---------------------------------------------------------------- what is wanted beside the address

KEY = "sum.example+0123abcd+" + "A" * 44
GO = _ecosystem("go", Hints(environ=("GOPROXY",), further=("sumdb",)))


def test_the_checksum_database_is_found_whoever_names_the_address(tmp_path: Path) -> None:
    environ = {"GOSUMDB": KEY, "GOPROXY": COMPANY, "PATH": str(tmp_path)}
    for chosen in ("auto", "https://files.example/go/"):
        assert discover(GO, chosen, environ, tmp_path, OWN).further == {"sumdb": KEY}
    assert discover(GO, "off", environ, tmp_path, OWN).further == {}
    assert discover(PY, COMPANY, environ, tmp_path, OWN).further == {}, "nobody asked for it"


def test_without_a_checksum_database(tmp_path: Path) -> None:
    environ = {"GOPROXY": COMPANY, "PATH": str(tmp_path)}
    found = discover(GO, "auto", environ | {"GOSUMDB": "off"}, tmp_path, OWN)
    assert (found.url, found.further, found.notes) == (COMPANY, {}, ())
    found = discover(GO, "auto", environ, tmp_path, OWN)
    assert (found.url, found.further) == (COMPANY, {})
    assert found.notes == ("no checksum database is known: set GOSUMDB",)
    found = discover(GO, "auto", environ | {"GOSUMDB": "sum.example"}, tmp_path, OWN)
    assert found.url == ""
    assert "GOSUMDB names a checksum database whose key is not known here" in found.problem


def test_what_was_found_beside_the_address_is_remembered_with_it(tmp_path: Path) -> None:
    file = tmp_path / MEMORY
    environ = {"GOPROXY": COMPANY, "GOSUMDB": KEY, "PATH": str(tmp_path)}
    remember(discover_all((GO,), {}, environ, tmp_path, OWN), file)
    environ = {"GOPROXY": "http://127.0.0.1:8765/go", "PATH": str(tmp_path)}
    (found,) = discover_all((GO,), {}, environ, tmp_path, OWN, recall(file))
    assert (found.url, found.by, found.further) == (COMPANY, REMEMBERED, {"sumdb": KEY})
    (found,) = discover_all((GO,), {}, environ | {"GOSUMDB": "off"}, tmp_path, OWN, recall(file))
    assert found.further == {}


def test_a_memory_of_an_earlier_version_is_still_read(tmp_path: Path) -> None:
    (tmp_path / MEMORY).write_text(
        '{"version": 1, "upstreams": {"pypi": {"url": "https://x.example/", "where": "y", "credentialed": false}}}'
    )
    assert recall(tmp_path / MEMORY)["pypi"].further == {}


# ---------------------------------------------------------------- memory


def test_pointing_pip_here_does_not_forget_the_companys_index(tmp_path: Path) -> None:
    file = tmp_path / "data" / MEMORY
    _pip_conf(tmp_path, COMPANY)
    remember(discover_all((PY,), {}, {}, tmp_path, OWN, recall(file)), file)

    _pip_conf(tmp_path, US)
    (found,) = discover_all((PY,), {}, {}, tmp_path, OWN, recall(file))
    assert (found.url, found.by) == (COMPANY, REMEMBERED)
    assert found.where == "remembered, from ~/.config/pip/pip.conf"
    assert len(found.notes) == 1

    remember((found,), file)
    (found,) = discover_all((PY,), {}, {}, tmp_path, OWN, recall(file))
    assert found.where == "remembered, from ~/.config/pip/pip.conf"


def test_a_client_that_names_another_index_is_followed(tmp_path: Path) -> None:
    file = tmp_path / MEMORY
    remember((Found("pypi", COMPANY, "from PIP_INDEX_URL", by=CLIENT),), file)
    environ = {"PIP_INDEX_URL": "https://files.example/simple/"}
    founds = discover_all((PY,), {}, environ, tmp_path, OWN, recall(file))
    assert founds[0].url == "https://files.example/simple/"
    remember(founds, file)
    assert recall(file)["pypi"].url == "https://files.example/simple/"


def test_credentials_are_not_remembered_and_their_loss_is_told(tmp_path: Path) -> None:
    file = tmp_path / MEMORY
    environ = {"PIP_INDEX_URL": "https://me:pw@registry.example/simple"}
    remember(discover_all((PY,), {}, environ, tmp_path, OWN), file)
    assert "pw" not in file.read_text()
    assert "bWU6cHc" not in file.read_text()
    found = discover(PY, "auto", {}, tmp_path, OWN, recall(file)["pypi"])
    assert found.url == COMPANY
    assert "SUBAK_UPSTREAM_PYPI" in found.notes[0]


def test_only_what_clients_say_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / MEMORY
    remember(discover_all((PY, JS), {"npm": COMPANY}, {}, tmp_path, OWN), file)
    assert not file.exists()
    assert recall(file) == {}


def test_remembering_the_same_again_does_not_touch_the_file(tmp_path: Path) -> None:
    file = tmp_path / MEMORY
    found = Found("pypi", COMPANY, "from PIP_INDEX_URL", by=CLIENT)
    remember((found,), file)
    before = file.stat().st_ino
    remember((dataclasses.replace(found, notes=("x",)),), file)
    assert file.stat().st_ino == before
    assert [p.name for p in tmp_path.iterdir()] == [MEMORY]


@pytest.mark.parametrize(
    "text", ["", "{}", '{"version": 2, "upstreams": {}}', '{"version": 1, "upstreams": {"a": 3}}', "[]"]
)
def test_a_memory_that_cannot_be_understood_stops_the_start(text: str, tmp_path: Path) -> None:
    (tmp_path / MEMORY).write_text(text)
    with pytest.raises(ConfigError, match="cannot be understood"):
        recall(tmp_path / MEMORY)


def test_a_data_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailed):
        remember((Found("pypi", COMPANY, "from X", by=CLIENT),), tmp_path / "file" / MEMORY)
