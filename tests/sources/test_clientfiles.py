"""What the little parsers read, row by row, and that nothing makes them fall over."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import SettingFile
from subak.sources.clientfiles import parse, pick, places, read, tidy

INDEX = "https://registry.example/simple"
ROWS = [
    ("ini", f"[global]\nindex-url = {INDEX}\n", "global.index-url", INDEX),
    ("ini", f"[global]\nindex_url={INDEX}\n", "global.index-url", INDEX),
    ("ini", f"[global]\ntimeout = 3\n[install]\nindex-url: {INDEX}\n", "install.index-url", INDEX),
    ("ini", "[global]\n# index-url = x\n", "global.index-url", ""),
    ("npmrc", f"; mine\nregistry={INDEX}\n", "registry", INDEX),
    ("npmrc", f'registry = "{INDEX}"\n', "registry", INDEX),
    ("npmrc", "registry=https://${HOST}/\n", "registry", "https://files.example/"),
    ("npmrc", "registry=https://${NOT_SET}/\n", "registry", "https://${NOT_SET}/"),
    ("npmrc", "registry=https://a.example/${NOT_SET?}\n", "registry", "https://a.example/"),
    ("npmrc", "# registry=x\n@scope:registry=y\n", "registry", ""),
    ("toml", f'index-url = "{INDEX}"\n', "index-url", INDEX),
    (
        "toml",
        f'[[index]]\nurl="https://x.example"\n[[index]]\nurl="{INDEX}"\ndefault=true\n',
        "index[default=true].url",
        INDEX,
    ),
    ("toml", '[[index]]\nurl="https://x.example"\n', "index[default=true].url", ""),
    ("toml", f'[[registry]]\n[[registry.mirror]]\nlocation = "{INDEX}"\n', "registry.mirror.location", INDEX),
    ("toml", f'[install.registry]\nurl="{INDEX}"\n', "install.registry.url", INDEX),
    ("yaml-line", f'npmRegistryServer: "{INDEX}"  # ours\n', "npmRegistryServer", INDEX),
    ("yaml-line", f"npmRegistryServer: {INDEX} # ours\n", "npmRegistryServer", INDEX),
    ("yaml-line", "npmScopes:\n  a:\n    npmRegistryServer: x\n", "npmRegistryServer", ""),
    ("yaml-line", "npmRegistryServer: ${NOT_SET:-https://b.example}\n", "npmRegistryServer", "https://b.example"),
    ("yarnrc", f'# yarn\nregistry "{INDEX}"\n"@a:registry" "x"\n', "registry", INDEX),
    ("yarnrc", f"registry {INDEX}\n", "registry", INDEX),
    (
        "yaml-list",
        f"---\n:backtrace: false\n:sources:\n- {INDEX}/  # ours\n- https://x.example\n",
        ":sources",
        f"{INDEX}/",
    ),
    ("yaml-list", f"channels:\n  # ours first\n  - '{INDEX}'\n  - defaults\n", "channels", INDEX),
    ("yaml-list", f'channels: ["{INDEX}", b]\n', "channels", INDEX),
    ("yaml-list", f"channels: [{INDEX}]\nother:\n- x\n", "channels", INDEX),
    ("yaml-list", "channels: []\n", "channels", ""),
    ("yaml-list", "channels:\n  deeper:\n    - x\n", "channels", ""),
    ("env", f"# go\nGOFLAGS=-mod=mod\nGOPROXY={INDEX},direct\n", "GOPROXY", f"{INDEX},direct"),
    ("env", f'export GOPROXY="{INDEX}"\n', "GOPROXY", INDEX),
    ("env", f"#GOPROXY={INDEX}\nXGOPROXY=1\n", "GOPROXY", ""),
    ("apt", f"# deb http://x.example y z\ndeb-src http://x.example y z\ndeb {INDEX} stable main\n", "deb", INDEX),
    ("apt", f"deb [ arch=amd64 signed-by=/a/b.gpg ] {INDEX} stable main\n", "deb", INDEX),
    ("apt", f"deb cdrom:[Disc 1]/ stable main\ndeb file:/srv/x y z\ndeb\t{INDEX}\tstable main\n", "deb", INDEX),
    ("apt", f"Types: deb deb-src\nURIs: {INDEX} https://x.example\nSuites: a b\n", "deb", INDEX),
    ("apt", f"# first\nTypes: deb\n# within\nURIs:\n  {INDEX}\n  https://x.example\nSuites: a\n", "deb", INDEX),
    ("apt", f"Types: deb-src\nURIs: https://x.example\n\n \nTypes: deb\nURIs: {INDEX}\nSuites: a\n", "deb", INDEX),
    ("apt", f"Types: deb\nEnabled: no\nURIs: https://x.example\n\nTypes: deb\nURIs: {INDEX}\n", "deb", INDEX),
    ("apt", "Types: deb\nEnabled: no\nURIs: https://x.example\n", "deb", ""),
    ("apt", f"deb https://x.example a main\ndeb {INDEX} a-security main\n", "deb-security", INDEX),
    ("apt", f"deb https://x.example a main\n\nTypes: deb\nURIs: {INDEX}\nSuites: a-security\n", "deb-security", INDEX),
    ("apt", "deb https://x.example a main\n", "deb-security", ""),
    ("json", f'\ufeff{{"a": {{"b": "{INDEX}"}}}}', "a.b", INDEX),
    ("json", f'{{"registry-mirrors": ["{INDEX}", "https://x.example"]}}', "registry-mirrors", INDEX),
    (
        "json",
        f'{{"repositories": {{"any.name": {{"type": "composer", "url": "{INDEX}"}}}}}}',
        "repositories.*.url",
        INDEX,
    ),
    ("xml", f"<s><mirrors><mirror><url> {INDEX} </url></mirror></mirrors></s>", "mirrors.mirror.url", INDEX),
    ("xml", "<s><url>https://${env.HOST}/a</url></s>", "url", "https://files.example/a"),
    ("xml", "<s><add value='https://%HOST%/a%2Fb'/></s>", "add@value", "https://files.example/a%2Fb"),
]


@pytest.mark.parametrize(("syntax", "text", "key", "value"), ROWS)
def test_reads(syntax: str, text: str, key: str, value: str) -> None:
    settings = parse(text, syntax, {"HOST": "files.example"})
    assert pick(settings, SettingFile("x", syntax, ("nothing", key))) == value


@pytest.mark.parametrize(
    ("syntax", "text"), [("ini", "no section = 1\n"), ("toml", "a = \n"), ("json", "{secret"), ("xml", "<secret>")]
)
def test_broken_files_say_so_without_quoting_themselves(syntax: str, text: str) -> None:
    with pytest.raises(ValueError, match="not") as caught:
        parse(text, syntax, {})
    assert text.strip() not in str(caught.value)


SYNTAXES = ["ini", "npmrc", "toml", "yaml-line", "yarnrc", "yaml-list", "json", "xml", "env", "apt"]


@given(st.sampled_from(SYNTAXES), st.text() | st.text('<>/a ="[]{}:-\n,&;!'))
def test_any_text_is_read_or_refused(syntax: str, text: str) -> None:
    try:
        found = parse(text, syntax, {"A": "b"})
    except ValueError:
        return
    assert all(isinstance(k, str) and isinstance(v, str) for k, v in found.items())


def test_places(tmp_path: Path) -> None:
    def place(path: str, **environ: str) -> Path:
        (found,) = places(path, environ, tmp_path)
        return found

    assert place("~/.npmrc") == tmp_path / ".npmrc"
    assert place("~/.config/pip/pip.conf", XDG_CONFIG_HOME="/x") == Path("/x/pip/pip.conf")
    assert place("$PIP_CONFIG_FILE", PIP_CONFIG_FILE="/y[1]") == Path("/y[1]")
    assert place("$VIRTUAL_ENV/pip.conf", VIRTUAL_ENV="/v") == Path("/v/pip.conf")
    assert places("$VIRTUAL_ENV/pip.conf", {}, tmp_path) == ()
    assert tidy(tmp_path / "a" / "b", tmp_path) == "~/a/b"
    assert tidy(Path("/etc/pip.conf"), tmp_path) == "/etc/pip.conf"


def test_places_of_a_glob_in_order(tmp_path: Path) -> None:
    assert places("~/d/*.sources", {}, tmp_path) == ()
    (tmp_path / "d").mkdir()
    for name in ("b.sources", "a.sources", "c.list"):
        (tmp_path / "d" / name).touch()
    found = (tmp_path / "d" / "a.sources", tmp_path / "d" / "b.sources")
    assert places("~/d/*.sources", {}, tmp_path) == places("$D/*.sources", {"D": f"{tmp_path}/d"}, tmp_path) == found


def test_a_key_that_another_one_names() -> None:
    text = f'[source.public]\nreplace-with = "corp"\n[source.corp]\nregistry = "{INDEX}"\n'
    file = SettingFile(
        "x", "toml", ("registries.{source.public.replace-with}.index", "source.{source.public.replace-with}.registry")
    )
    assert pick(parse(text, "toml", {}), file) == INDEX
    assert pick({"source.{a}.registry": "x"}, SettingFile("x", "toml", ("source.{b}.registry",))) == ""


@pytest.mark.parametrize(
    ("key", "value"),
    [("m.*.url", "1"), ("*.a.url", "1"), ("m.*.c", ""), ("m[id=*].url", "2"), ("*.b.url", ""), ("x*.url", "")],
)
def test_a_star_stands_for_a_name(key: str, value: str) -> None:
    settings = {"m.a.url": "1", "m[id=*].url": "2", "xy.url": "3"}
    assert pick(settings, SettingFile("x", "json", (key,))) == value


def test_a_missing_file_says_nothing_and_an_unreadable_one_complains(tmp_path: Path) -> None:
    assert read(tmp_path / "none" / "x", "ini", {}) == {}
    assert read(tmp_path, "ini", {}) == {}
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ValueError, match="symbolic links"):
        read(tmp_path / "loop", "ini", {})
