"""What the little parsers read, row by row, and that nothing makes them fall over."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import SettingFile
from subak.sources.clientfiles import locate, parse, pick, read, tidy

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
    ("toml", f'[install.registry]\nurl="{INDEX}"\n', "install.registry.url", INDEX),
    ("yaml-line", f'npmRegistryServer: "{INDEX}"  # ours\n', "npmRegistryServer", INDEX),
    ("yaml-line", f"npmRegistryServer: {INDEX} # ours\n", "npmRegistryServer", INDEX),
    ("yaml-line", "npmScopes:\n  a:\n    npmRegistryServer: x\n", "npmRegistryServer", ""),
    ("yaml-line", "npmRegistryServer: ${NOT_SET:-https://b.example}\n", "npmRegistryServer", "https://b.example"),
    ("yarnrc", f'# yarn\nregistry "{INDEX}"\n"@a:registry" "x"\n', "registry", INDEX),
    ("yarnrc", f"registry {INDEX}\n", "registry", INDEX),
]


@pytest.mark.parametrize(("syntax", "text", "key", "value"), ROWS)
def test_reads(syntax: str, text: str, key: str, value: str) -> None:
    settings = parse(text, syntax, {"HOST": "files.example"})
    assert pick(settings, SettingFile("x", syntax, ("nothing", key))) == value


@pytest.mark.parametrize(("syntax", "text"), [("ini", "no section = 1\n"), ("toml", "a = \n")])
def test_broken_files_say_so_without_quoting_themselves(syntax: str, text: str) -> None:
    with pytest.raises(ValueError, match="not") as caught:
        parse(text, syntax, {})
    assert text.strip() not in str(caught.value)


@given(st.sampled_from(["ini", "npmrc", "toml", "yaml-line", "yarnrc"]), st.text())
def test_any_text_is_read_or_refused(syntax: str, text: str) -> None:
    try:
        found = parse(text, syntax, {"A": "b"})
    except ValueError:
        return
    assert all(isinstance(k, str) and isinstance(v, str) for k, v in found.items())


def test_locate(tmp_path: Path) -> None:
    assert locate("~/.npmrc", {}, tmp_path) == tmp_path / ".npmrc"
    assert locate("~/.config/pip/pip.conf", {"XDG_CONFIG_HOME": "/x"}, tmp_path) == Path("/x/pip/pip.conf")
    assert locate("$PIP_CONFIG_FILE", {"PIP_CONFIG_FILE": "/y"}, tmp_path) == Path("/y")
    assert locate("$VIRTUAL_ENV/pip.conf", {"VIRTUAL_ENV": "/v"}, tmp_path) == Path("/v/pip.conf")
    assert locate("$VIRTUAL_ENV/pip.conf", {}, tmp_path) is None
    assert tidy(tmp_path / "a" / "b", tmp_path) == "~/a/b"
    assert tidy(Path("/etc/pip.conf"), tmp_path) == "/etc/pip.conf"


def test_a_missing_file_says_nothing_and_an_unreadable_one_complains(tmp_path: Path) -> None:
    assert read(tmp_path / "none" / "x", "ini", {}) == {}
    assert read(tmp_path, "ini", {}) == {}
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ValueError, match="symbolic links"):
        read(tmp_path / "loop", "ini", {})
