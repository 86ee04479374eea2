"""Defaults, file, environment and arguments, in that order; nothing unknown is accepted."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.config import (
    SECTIONS,
    Bytes,
    Config,
    Seconds,
    environment,
    load,
    parse_bytes,
    parse_seconds,
    upstream_variable,
)
from subak.errors import ConfigError


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No subak.toml of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)


def written(text: str, name: str = "subak.toml") -> str:
    path = Path.cwd() / name
    path.write_text(text, "utf-8")
    return str(path)


def refused(text: str = "", environ: dict[str, str] | None = None, **overrides: object) -> str:
    """What a person is told."""
    with pytest.raises(ConfigError) as caught:
        load(written(text), environ or {}, **overrides)
    return str(caught.value)


# ---------------------------------------------------------------- units


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0), ("1", 1), ("12b", 12), ("1 KiB", 1024), ("20 GiB", 20 * 2**30), ("1.5MiB", 3 * 2**19),
        ("2 tib", 2**41), ("1kB", 1000), ("3 MB", 3_000_000), ("1GB", 10**9), ("1 TB", 10**12), (" 7 gib ", 7 * 2**30),
    ],
)  # fmt: skip
def test_sizes(text: str, size: int) -> None:
    assert parse_bytes(text) == size
    assert isinstance(parse_bytes(text), Bytes)


@pytest.mark.parametrize("text", ["", "GiB", "-1", "1 GiBs", "1e3", "20 GiB 5", "1..5", "nan", "inf", "٣"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a size"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("90s", 90),
        ("250ms", 0.25),
        ("5m", 300),
        ("24h", 86400),
        ("7d", 604800),
        (" 1.5 h ", 5400),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_seconds(text) == pytest.approx(seconds)
    assert isinstance(parse_seconds(text), Seconds)


@pytest.mark.parametrize("text", ["", "s", "-5", "5 minutes", "1M", "1e3", "nan", "inf"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a duration"):
        parse_seconds(text)


@given(st.text(max_size=20))
def test_units_fail_in_one_way(text: str) -> None:
    for parse in (parse_bytes, parse_seconds):
        with contextlib.suppress(ConfigError):
            assert parse(text) >= 0


# ---------------------------------------------------------------- where settings come from


def test_defaults() -> None:
    config = load(environ={})
    assert config == Config()
    assert config.source == "defaults"
    assert config.server.port == 8765


def test_a_file_in_the_current_folder_is_found() -> None:
    written("[server]\nport = 9000\n")
    config = load(environ={})
    assert config.server.port == 9000
    assert config.source == "subak.toml"


def test_the_order() -> None:
    path = written("[server]\nport = 1\nworkers = 2\nhost = 'file'\n")
    environ = {"SUBAK_SERVER_PORT": "3", "SUBAK_SERVER_WORKERS": "4"}
    config = load(path, environ, server__port=5, server__workers=None)
    assert (config.server.port, config.server.workers, config.server.host) == (5, 4, "file")


def test_the_file_may_be_named_by_a_variable() -> None:
    path = written("[server]\nport = 9001\n", "other.toml")
    assert load(environ={"SUBAK_CONFIG": path}).server.port == 9001
    assert load(written("", "empty.toml"), {"SUBAK_CONFIG": path}).server.port == 8765


def test_every_kind_of_value() -> None:
    path = written(
        """
        [server]
        access_log = true
        trusted_proxies = ["10.0.0.0/8", "::1"]
        idle_timeout = "2m"
        header_timeout = 3
        [cache]
        limit = "2 GiB"
        hot = 1000
        [upstream]
        registries = { pypi = "https://registry.example/simple/", npm = "off" }
        """
    )
    config = load(path, {})
    assert config.server.access_log is True
    assert config.server.trusted_proxies == ["10.0.0.0/8", "::1"]
    assert (config.server.idle_timeout, config.server.header_timeout) == (120, 3)
    assert (config.cache.limit, config.cache.hot) == (2 * 2**30, 1000)
    assert config.upstream.registries == {"pypi": "https://registry.example/simple/", "npm": "off"}


def test_variables_are_text_of_every_kind() -> None:
    environ = {
        "SUBAK_SERVER_ACCESS_LOG": "yes",
        "SUBAK_SERVER_TRUSTED_PROXIES": "10.0.0.0/8, ::1,",
        "SUBAK_CACHE_LIMIT": "1 GiB",
        "SUBAK_CACHE_PATIENCE": "1500ms",
        "SUBAK_ACCESS_BURST": "7",
    }
    config = load(environ=environ)
    assert config.server.access_log is True
    assert config.server.trusted_proxies == ["10.0.0.0/8", "::1"]
    assert (config.cache.limit, config.cache.patience, config.access.burst) == (2**30, 1.5, 7)


@pytest.mark.parametrize(("text", "value"), [("1", True), ("On", True), ("FALSE", False), ("no", False), ("0", False)])
def test_yes_and_no(text: str, value: bool) -> None:
    assert load(environ={"SUBAK_SERVER_ACCESS_LOG": text}).server.access_log is value


def test_upstreams_by_variable() -> None:
    path = written("[upstream]\nregistries = { npm = 'off', pypi = 'auto' }\nattempts = 2\n")
    environ = {
        "SUBAK_UPSTREAM_PYPI": "http://127.0.0.1:3141/simple/",
        "SUBAK_UPSTREAM_DEBIAN_SECURITY": "http://127.0.0.1:3142/",
        "SUBAK_UPSTREAM_ATTEMPTS": "9",
        "SUBAK_UPSTREAM_CONNECT_TIMEOUT": "4",
    }
    upstream = load(path, environ).upstream
    assert upstream.registries == {
        "npm": "off", "pypi": "http://127.0.0.1:3141/simple/", "debian-security": "http://127.0.0.1:3142/"
    }  # fmt: skip
    assert upstream_variable("debian-security") == "SUBAK_UPSTREAM_DEBIAN_SECURITY"
    assert (upstream.attempts, upstream.connect_timeout) == (9, 4)


def test_the_data_folder() -> None:
    path = written("[cache]\ndata = 'from-file'\n")
    assert load(path, {}).folder == Path("from-file")
    assert load(path, {"SUBAK_DATA": "short"}).folder == Path("short")
    assert load(path, {"SUBAK_DATA": "short", "SUBAK_CACHE_DATA": "long"}).folder == Path("long")
    assert load(path, {"SUBAK_DATA": "short"}, cache__data="argument").folder == Path("argument")
    assert load(environ={"SUBAK_DATA": "~/x"}).folder == Path("~/x").expanduser()
    assert Config().folder.is_absolute()


def test_the_environment_is_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBAK_SERVER_PORT", "4321")
    environment()["SUBAK_SERVER_PORT"] = "1"
    assert os.environ["SUBAK_SERVER_PORT"] == "4321"
    assert load().server.port == 4321


# ---------------------------------------------------------------- what is not accepted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[serve]\n", "unknown section [serve]; did you mean 'server'?"),
        ("[zzz]\n", "known: server, cache, upstream, access, readings"),
        ("[server]\nprt = 1\n", "[server] unknown key 'prt'; did you mean 'port'?"),
        ("[cache]\nzzz = 1\n", "[cache] unknown key 'zzz'; known: data, limit"),
        ("server = 1\n", "server must be a section, [server]"),
        ("[server\n", "is not valid TOML"),
        ("[server]\nport = 'x'\n", "[server] port = 'x'"),
        ("[server]\nport = 80.5\n", "not a whole number"),
        ("[server]\nport = true\n", "not a whole number"),
        ("[server]\nport = 65536\n", "65536 is not a port"),
        ("[server]\nport = -1\n", "[server] port = -1"),
        ("[server]\nhost = 5\n", "not a text"),
        ("[server]\naccess_log = 'maybe'\n", "not true or false"),
        ("[server]\ntrusted_proxies = [1]\n", "not a list of texts"),
        ("[server]\ntrusted_proxies = 7\n", "trusted_proxies = 7"),
        ("[server]\ntrusted_proxies = ['nowhere']\n", "server.trusted_proxies"),
        ("[server]\nworkers = 0\n", "at least 1"),
        ("[server]\ntls_cert = 'a.pem'\n", "go together"),
        ("[server]\ntls_key = 'a.pem'\n", "go together"),
        ("[server]\nlog_level = 'loud'\n", "use debug, info, warning or error"),
        ("[server]\npublic_url = 'ftp://x'\n", "not an http(s) URL"),
        ("[server]\npublic_url = 'gateway.example'\n", "not an http(s) URL"),
        ("[server]\nidle_timeout = -1\n", "[server] idle_timeout = -1"),
        ("[server]\nidle_timeout = nan\n", "[server] idle_timeout = nan"),
        ("[server]\nidle_timeout = '5 minutes'\n", "not a duration"),
        ("[server]\nidle_timeout = []\n", "idle_timeout = []"),
        ("[cache]\nlimit = '20 Gigs'\n", "not a size"),
        ("[cache]\nlimit = -5\n", "[cache] limit = -5"),
        ("[cache]\nlimit = inf\n", "[cache] limit = inf"),
        ("[cache]\nlimit = true\n", "[cache] limit = True"),
        ("[access]\nburst = -1\n", "[access] burst = -1"),
        ("[upstream]\nregistries = 'x'\n", "not a table of texts"),
        ("[upstream]\nregistries = { pypi = 1 }\n", "not a table of texts"),
        ("[upstream]\nregistries = { pypi = 'registry.example' }\n", "neither a URL nor 'auto' nor 'off'"),
    ],
)
def test_complaints_name_the_culprit(text: str, said: str) -> None:
    assert said in refused(text)


def test_complaints_name_the_file() -> None:
    assert str(Path.cwd() / "subak.toml") in refused("[server]\nprt = 1\n")


def test_files_that_cannot_be_read() -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*missing"):
        load("missing.toml", {})
    with pytest.raises(ConfigError, match="cannot read"):
        load(environ={"SUBAK_CONFIG": str(Path.cwd())})
    (Path.cwd() / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load("binary.toml", {})


def test_bad_variables() -> None:
    assert "[server] port = 'x'" in refused(environ={"SUBAK_SERVER_PORT": "x"})
    assert "'off'" in refused(environ={"SUBAK_UPSTREAM_PYPI": "nonsense"})
    assert "not a table" in refused("[upstream]\nregistries = 'x'\n", {"SUBAK_UPSTREAM_PYPI": "off"})


# ---------------------------------------------------------------- the tree itself


def test_every_option_has_its_sentence() -> None:
    for section in SECTIONS:
        for known in dataclasses.fields(getattr(Config(), section)):
            assert known.metadata["help"].endswith("."), f"{section}.{known.name}"


def test_the_tree_is_frozen_and_nothing_is_shared() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().server.port = 1  # type: ignore[misc]  # what is tested
    assert Config().access.deny is not Config().access.deny
