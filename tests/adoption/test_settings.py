"""Settings per client, and shells that give back exactly the value that was put in."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subak.adoption.settings import (
    SHELLS,
    Settings,
    banner,
    check_url,
    how_to_apply,
    is_loopback,
    known_clients,
    line_for,
    render,
    settings_for,
    shell_of,
    url_of,
)
from subak.config import Config, ServerConfig
from subak.ecosystems.base import Client, Ecosystem
from subak.errors import ConfigError
from subak.model.exchange import UNIDENTIFIED
from subak.sources.discovery import Found

PIP = Client(
    name="pip",
    environ=(("PIP_INDEX_URL", "{base}/pypi/simple/"),),
    line="pip config set global.index-url {base}/pypi/simple/",
    plain_http=(("PIP_TRUSTED_HOST", "{netloc}"),),
)
NPM = Client(name="npm", environ=(("npm_config_registry", "{base}/npm/"),), line="npm config set registry {base}/npm/")


def _ecosystem(name: str, client: Client) -> Ecosystem:
    return Ecosystem(
        name=name, title=name, routes=(), subject=lambda r, p: UNIDENTIFIED, source=lambda s, b: b, clients=(client,)
    )


SAMPLE = (_ecosystem("pypi", PIP), _ecosystem("npm", NPM))
URL = "http://127.0.0.1:8765"


def test_all_clients_when_none_is_named() -> None:
    found = settings_for((), URL + "/", ecosystems=SAMPLE)
    assert found.clients == ("pip", "npm")
    assert dict(found.environ) == {
        "PIP_INDEX_URL": f"{URL}/pypi/simple/",
        "npm_config_registry": f"{URL}/npm/",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("http://gate.example:8080/subak", "gate.example:8080"),
        ("https://gate.example", ""),
        ("http://localhost:1", ""),
        ("http://[::1]:8765", ""),
    ],
)
def test_plain_http_only_away_from_home(url: str, trusted: str) -> None:
    found = dict(settings_for(("pip",), url, ecosystems=SAMPLE).environ)
    assert found.get("PIP_TRUSTED_HOST", "") == trusted
    assert found["PIP_INDEX_URL"] == f"{url}/pypi/simple/"
    assert "npm_config_registry" not in found


@pytest.mark.parametrize(
    ("environ", "value"),
    [
        ({}, "127.0.0.1"),
        ({"NO_PROXY": "a.example, b.example"}, "a.example,b.example,127.0.0.1"),
        ({"NO_PROXY": "a.example", "no_proxy": "a.example,127.0.0.1"}, "a.example,127.0.0.1"),
        ({"no_proxy": "*"}, "*"),
    ],
)
def test_no_proxy_keeps_what_was_there(environ: dict[str, str], value: str) -> None:
    found = dict(settings_for((), URL, environ=environ, ecosystems=SAMPLE).environ)
    assert found["NO_PROXY"] == found["no_proxy"] == value


@pytest.mark.parametrize(
    "url",
    [
        "",
        "gate.example",
        "ftp://gate.example",
        "http://",
        "http://a b",
        "http://a:99999",
        "http://a/?q",
        "http://a/'",
        "http://a/$(x)",
        "http://a;x",
    ],
)
def test_unusable_urls(url: str) -> None:
    with pytest.raises(ConfigError):
        check_url(url)


def test_credentials_and_unknown_clients_are_refused() -> None:
    with pytest.raises(ConfigError, match="credentials") as caught:
        check_url("http://me:secret@gate.example")
    assert "secret" not in str(caught.value)
    with pytest.raises(ConfigError, match="'pipx'"):
        settings_for(("pipx",), URL, ecosystems=SAMPLE)
    assert known_clients(SAMPLE) == ("pip", "npm")


@pytest.mark.parametrize(
    ("server", "url"),
    [
        (ServerConfig(), "http://127.0.0.1:8765"),
        (ServerConfig(host="0.0.0.0", port=80), "http://127.0.0.1:80"),
        (ServerConfig(host="::"), "http://[::1]:8765"),
        (ServerConfig(tls_cert="a", tls_key="b", host="gate.example"), "https://gate.example:8765"),
        (ServerConfig(public_url="https://gate.example/subak/"), "https://gate.example/subak"),
    ],
)
def test_url_of(server: ServerConfig, url: str) -> None:
    assert url_of(server) == url


def _one(value: str) -> Settings:
    return Settings(URL, ("x",), (("VALUE", value),))


TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)))


@settings(max_examples=50, deadline=None)
@given(TEXT)
def test_bash_gives_back_what_was_put_in(value: str) -> None:
    script = render(_one(value), "bash") + 'printf "%s" "$VALUE"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode() == value


@pytest.mark.skipif(
    not shutil.which("fish") and os.environ.get("CI") != "true", reason="fish is not installed (CI must have it)"
)
@settings(max_examples=20, deadline=None)
@given(TEXT)
def test_fish_gives_back_what_was_put_in(value: str) -> None:
    script = render(_one(value), "fish") + 'printf "%s" "$VALUE"'
    done = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode() == value


@pytest.mark.parametrize(
    ("shell", "value", "line"),
    [
        ("bash", "a b", "export VALUE='a b'\n"),
        ("fish", r"it's \n", r"set -gx VALUE 'it\'s \\n'" + "\n"),
        ("powershell", "it's $x", "$env:VALUE = 'it''s $x'\n"),
        ("powershell", "\u2018x\u2019", "$env:VALUE = '\u2018\u2018x\u2019\u2019'\n"),
        ("github", "a=b c", "VALUE=a=b c\n"),
        ("gitlab", 'say "$x"', 'variables:\n  VALUE: "say \\"$$x\\""\n'),
    ],
)
def test_render(shell: str, value: str, line: str) -> None:
    assert render(_one(value), shell) == line


@given(TEXT.filter(lambda t: "\r" not in t))
def test_github_reads_back_what_was_put_in(value: str) -> None:
    """The file format of GITHUB_ENV: NAME=value, or NAME<<END, lines, END."""
    text = render(_one(value), "github")
    head, _, rest = text.partition("\n")
    if head.startswith("VALUE="):
        assert head + "\n" == text or "\n" not in value
        assert text == f"VALUE={value}\n"
    else:
        end = head.removeprefix("VALUE<<")
        assert end not in value
        assert rest == f"{value}\n{end}\n"


@given(TEXT)
def test_gitlab_reads_back_what_was_put_in(value: str) -> None:
    row = render(_one(value), "gitlab").removeprefix("variables:\n  VALUE: ")
    assert json.loads(row) == value.replace("$", "$$")


def test_a_name_that_no_shell_can_set_is_a_bug() -> None:
    with pytest.raises(ValueError, match="no variable"):
        render(Settings(URL, (), (("a;rm -rf", "x"),)), "bash")


def test_shells_are_explained_and_guessed() -> None:
    assert all(how_to_apply(shell) for shell in SHELLS)
    assert shell_of({"SHELL": "/usr/bin/fish"}) == "fish"
    assert shell_of({"SHELL": "/bin/zsh", "PSModulePath": "x"}) == "bash"
    assert shell_of({"PSModulePath": "x"}) == "powershell"


def test_is_loopback() -> None:
    assert [is_loopback(h) for h in ("127.0.0.1", "::1", "localhost", "10.0.0.1", "gate.example")] == [True] * 3 + [
        False
    ] * 2


def test_the_banner_says_where_from_and_how() -> None:
    upstreams = [
        Found("pypi", "https://registry.example/simple/", "from PIP_INDEX_URL", authorization="Basic c2VjcmV0"),
        Found("npm", problem="it is switched off"),
    ]
    text = banner(URL, upstreams, Config(), SAMPLE)
    assert f"listens on {URL}\n" in text
    assert "https://registry.example/simple/" in text
    assert "none: it is switched off" in text
    assert line_for(PIP, URL) in text
    assert "c2VjcmV0" not in text
