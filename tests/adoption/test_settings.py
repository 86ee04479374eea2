"""Settings per client, and shells that give back exactly the value that was put in."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subak.adoption.settings import (
    SHELLS,
    Copy,
    Settings,
    check_url,
    folder_for,
    how_to_apply,
    installed,
    is_loopback,
    known_clients,
    left_out,
    line_for,
    needing_upstream,
    program,
    render,
    settings_for,
    shell_of,
    url_of,
    without,
)
from subak.config import ServerConfig
from subak.ecosystems import ALL
from subak.ecosystems.base import Client, Ecosystem
from subak.errors import ConfigError
from subak.model.exchange import UNIDENTIFIED

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


# ---------------------------------------------------------------- files, shims, upstreams

FILED = Client(
    name="filed",
    environ=(("FILED_CONFIG", "{folder}/filed/x.toml"), ("FILED_OPTS", "-D{netloc}")),
    line="cp {folder}/filed/x.toml ~",
    files=(("filed/x.toml", 'url = "{base}/x" # {plain} {not ours}\n'),),
    version=("filed-tool", "--version"),
)
SHIMMED = Client(name="shimmed", environ=(), line="", shims=(("shimmed", ("--config", "{folder}/y z")),))
MIRROR = Client(
    name="mirror",
    environ=(("MIRROR_OF", "{upstream}"),),
    line="mirror {upstream_netloc} {base}",
    files=(("mirror.conf", "{upstream_netloc} -> {netloc}\n"),),
)
LINE_ONLY = Client(name="line", environ=(), line="line {upstream}")
MORE = tuple(_ecosystem(c.name, c) for c in (FILED, SHIMMED, MIRROR, LINE_ONLY))
FOLDER = Path("/data/clients/x")


def test_files_and_shims_are_filled_for_their_folder() -> None:
    environ = {"PATH": f"/usr/bin:{FOLDER}/bin:/bin", "FILED_OPTS": "-Xmx1g"}
    upstreams = {"mirror": "https://registry.example:444/a/"}
    found = settings_for((), URL, environ=environ, ecosystems=MORE, folder=FOLDER, upstreams=upstreams)
    assert found.clients == ("filed", "shimmed", "mirror", "line")
    assert dict(found.environ) == {
        "FILED_CONFIG": f"{FOLDER}/filed/x.toml",
        "FILED_OPTS": "-Xmx1g -D127.0.0.1:8765",
        "MIRROR_OF": "https://registry.example:444/a",
        "PATH": f"{FOLDER}/bin:/usr/bin:/bin",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    assert dict(found.files) == {
        "filed/x.toml": f'url = "{URL}/x" # true {{not ours}}\n',
        "mirror.conf": "registry.example:444 -> 127.0.0.1:8765\n",
    }
    assert found.shims == (("shimmed", ("--config", f"{FOLDER}/y z")),)
    assert found.skipped == ()
    again = settings_for((), URL, environ=dict(found.environ), ecosystems=MORE, folder=FOLDER, upstreams=upstreams)
    assert again == found, "applied twice is applied once"


def test_clients_that_need_what_is_not_there_are_skipped_with_a_word() -> None:
    found = settings_for((), URL, ecosystems=MORE)
    assert found.clients == ("line",)
    assert set(dict(found.environ)) == {"NO_PROXY", "no_proxy"}
    assert left_out(found, lambda _: True) == [
        "not pointed here: filed, shimmed (it needs files, which are for this machine only)",
        "not pointed here: mirror (mirror has no upstream)",
    ]
    assert left_out(found, lambda client: client is SHIMMED)[0].startswith("not pointed here: shimmed (")
    assert left_out(found, lambda _: False) == []
    colon = settings_for(("shimmed",), URL, ecosystems=MORE, folder=Path("/a:b"))
    assert [s.why for s in colon.skipped] == ["PATH cannot hold /a:b, because of the colon"]
    assert [e.name for e in needing_upstream((), MORE)] == ["mirror"]
    assert needing_upstream(("filed", "line"), MORE) == ()


COPYING = Client(
    name="copying", environ=(("COPYING_LIST", "{folder}/list"),), line="", copies=(("/etc/list", "list"),)
)  # fmt: skip
COPIED = (_ecosystem("copied", COPYING),)


def test_copies_name_every_upstream_of_their_family() -> None:
    upstreams = {
        "copied": "http://h.example/a/", "copied-old": "http://h.example/a-old/", "copied-none": "", "other": "http://o/"
    }  # fmt: skip
    found = settings_for((), URL, ecosystems=COPIED, folder=FOLDER, upstreams=upstreams)
    bases = (("http://h.example/a/", f"{URL}/copied"), ("http://h.example/a-old/", f"{URL}/copied-old"))
    assert found.copies == (Copy("/etc/list", "list", bases),)
    assert dict(found.environ)["COPYING_LIST"] == f"{FOLDER}/list"
    only = settings_for((), URL, ecosystems=COPIED, folder=FOLDER, upstreams={"copied-old": "http://h.example/"})
    assert only.copies[0].bases == (("http://h.example/", f"{URL}/copied-old"),)
    assert needing_upstream((), COPIED) == COPIED


@pytest.mark.parametrize(
    ("folder", "upstreams", "why"),
    [
        (FOLDER, {}, "copied has no upstream"),
        (FOLDER, {"other": "http://o/"}, "copied has no upstream"),
        (None, {"copied": "http://o/"}, "it needs files, which are for this machine only"),
    ],
)
def test_copies_that_cannot_be_made(folder: Path | None, upstreams: dict[str, str], why: str) -> None:
    found = settings_for((), URL, ecosystems=COPIED, folder=folder, upstreams=upstreams)
    assert ([s.why for s in found.skipped], found.copies) == ([why], ())


def test_without_takes_back_what_was_put_in() -> None:
    before = {"PATH": "/usr/bin::/bin", "FILED_OPTS": "-Xmx1g", "NO_PROXY": "a.example", "MIRROR_OF": "mine"}
    upstreams = {"mirror": "https://registry.example/"}
    bare = settings_for((), URL, ecosystems=MORE, folder=FOLDER, upstreams=upstreams)
    put = dict(settings_for((), URL, environ=before, ecosystems=MORE, folder=FOLDER, upstreams=upstreams).environ)
    del put["MIRROR_OF"]
    back = without(bare, before | put)
    assert back == before | {"NO_PROXY": "a.example,127.0.0.1", "no_proxy": "a.example,127.0.0.1"}
    assert without(bare, {"FILED_OPTS": "-D127.0.0.1:8765"}) == {"PATH": ""}


def test_folders_differ_by_gateway() -> None:
    one, other = folder_for(Path("data"), URL), folder_for(Path("data"), "http://127.0.0.1:8766")
    assert one.is_absolute()
    assert one == folder_for(Path("data"), URL + "/")
    assert one != other


def test_lines_hold_no_placeholder() -> None:
    assert line_for(FILED, URL) == "subak run -- filed-tool …"
    assert line_for(MIRROR, URL) == "subak run -- mirror …"
    assert line_for(MIRROR, URL, "https://registry.example/a/") == f"mirror registry.example {URL}"
    assert line_for(LINE_ONLY, URL) == ""


def test_installed(tmp_path: Path) -> None:
    assert not installed(FILED, {"PATH": str(tmp_path)})
    (tmp_path / "filed-tool").touch(mode=0o755)
    assert installed(FILED, {"PATH": str(tmp_path)})
    assert program(SHIMMED) == "shimmed"


@pytest.mark.parametrize("ecosystem", ALL, ids=lambda e: e.name)
def test_every_real_client_can_be_pointed(ecosystem: Ecosystem) -> None:
    for client in ecosystem.clients:
        for url in (URL, "https://gate.example/subak"):
            upstreams = {ecosystem.name: "https://registry.example/"}
            found = settings_for((client.name,), url, ecosystems=[ecosystem], folder=FOLDER, upstreams=upstreams)
            assert found.clients == (client.name,)
            render(found, "bash")
            texts = [v for _, v in found.environ] + [t for _, t in found.files] + [a for _, s in found.shims for a in s]
            texts.append(line_for(client, url, "https://registry.example/"))
            assert not [t for t in texts if re.search(r"\{(base|host|port|netloc|plain|folder|upstream\w*)\}", t)]
            assert all(not Path(p).is_absolute() and ".." not in Path(p).parts for p, _ in found.files)
            assert all("/" not in name for name, _ in found.shims)
    names = [client.name for e in ALL for client in e.clients]
    assert len(names) == len(set(names))
