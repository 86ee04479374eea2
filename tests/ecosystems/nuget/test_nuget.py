"""NuGet's routes, homes, agents and client settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subak.ecosystems.base import Site, decode_path, match_route
from subak.ecosystems.nuget import NUGET, clean
from subak.ecosystems.nuget.places import SERVICE, file_of, registration_of
from subak.errors import BadRequest, NotFound
from subak.model.exchange import Kind, Subject
from subak.sources.clientfiles import parse, pick
from subak.sources.discovery import discover

SITE = Site("https://registry.example/v3/")


def asked(raw: str, **query: str) -> Subject:
    """What a raw path below the mount means."""
    found = match_route(NUGET.routes, decode_path(raw))
    assert found, raw
    subject = NUGET.subject(found[0], found[1] | query)
    assert isinstance(subject, Subject)
    return subject


# ---------------------------------------------------------------- paths

_PATHS = st.one_of(
    st.text(max_size=60),
    st.builds(
        "v3/{}/{}/{}{}".format,
        st.sampled_from(["flat", "registration", "registration-semver1", "catalog", "vulnerabilities"]),
        st.text(max_size=9),
        st.from_regex(r"[a-zA-Z0-9.+%/-]{1,20}", fullmatch=True),
        st.sampled_from([".json", "/index.json", ".nupkg", ".nuspec", ""]),
    ),
)


@given(_PATHS)
def test_a_path_either_means_one_thing_or_is_refused(text: str) -> None:
    try:
        found = match_route(NUGET.routes, decode_path("/" + text))
        subject = NUGET.subject(*found) if found else None
    except (BadRequest, NotFound):
        return
    if isinstance(subject, Subject) and "?" not in subject.key:
        again = asked("/" + subject.key)
        assert (again.key, again.route, again.version) == (subject.key, subject.route, subject.version)


def test_routes_of_one_name_differ_in_their_pattern_only() -> None:
    for route in NUGET.routes:
        first = NUGET.route(route.name)
        assert (route.kind, route.fresh_for, route.accept, route.forms, route.query) == (
            first.kind, first.fresh_for, first.accept, first.forms, first.query,
        )  # fmt: skip


def test_the_service_index_is_asked_first() -> None:
    assert NUGET.signpost(SITE) == SERVICE == asked("/v3/index.json")


def test_packages_are_announced_by_the_registration_of_their_version() -> None:
    package = file_of("acme.lib", "1.0.0", "nupkg")
    assert NUGET.homes(package, SITE) == (registration_of("acme.lib", "1.0.0"),)
    assert NUGET.homes(file_of("acme.lib", "1.0.0", "nuspec"), SITE) == ()
    assert NUGET.homes(registration_of("acme.lib"), SITE) == ()


def test_questions_are_lists_of_all_packages() -> None:
    assert asked("/v3/query", q="x").kind is Kind.LISTING
    assert asked("/v3/autocomplete", id="A.B").name == "a.b"


# ---------------------------------------------------------------- agents and settings


@pytest.mark.parametrize(
    ("agent", "version"),
    [
        ("NuGet .NET Core MSBuild Task/6.13.0 (LINUX)", "6.13.0"),
        ("NuGet xplat/6.14.0 (Microsoft Windows 10.0.19045)", "6.14.0"),
        ("NuGet Command Line/6.12.1 (Unix 6.5.0.0)", "6.12.1"),
        ("NuGet VS VSIX/6.13.1 (Microsoft Windows NT 10.0.22631.0, VS Enterprise/17.13)", "6.13.1"),
        ("Mozilla/5.0 NuGet/1.0", ""),
    ],
)
def test_agents(agent: str, version: str) -> None:
    found = [m["version"] for p in NUGET.agents if (m := re.match(p.pattern, agent))]
    assert found == ([version] if version else [])


def filled(text: str) -> str:
    return text.replace("{base}", "http://127.0.0.1:8765").replace("{plain}", "true")


def test_the_client_is_pointed_here_by_a_file() -> None:
    (client,) = NUGET.clients
    ((name, text),) = client.files
    assert client.environ == (("RestoreConfigFile", f"{{folder}}/{name}"),)
    in_line = re.search(r"'(<configuration>.*)' > nuget\.config\Z", client.line)
    assert in_line
    for xml in (text, in_line[1]):
        settings = parse(filled(xml), "xml", {})
        assert settings["packageSources.add@value"] == "http://127.0.0.1:8765/nuget/v3/index.json"
        assert settings["packageSources.add@protocolVersion"] == "3"
        assert settings["packageSources.add@allowInsecureConnections"] == "true"
        assert "<clear />" in xml, "other sources would be asked beside us"


_SETTINGS = """\
<?xml version="1.0" encoding="utf-8"?>
<configuration><packageSources>
  <add key="here" value="./packages" />
  <add key="corp" value="https://feed.example/nuget/index.json" protocolVersion="3" />
</packageSources></configuration>
"""


def test_the_first_source_of_version_3_is_the_upstream(tmp_path: Path) -> None:
    for file in NUGET.hints.files:
        assert pick(parse(_SETTINGS, "xml", {}), file) == "https://feed.example/nuget/index.json"
    folder = tmp_path / ".nuget" / "NuGet"
    folder.mkdir(parents=True)
    (folder / "NuGet.Config").write_text(_SETTINGS)
    found = discover(NUGET, "auto", {}, tmp_path, ())
    assert found.url == "https://feed.example/nuget/index.json/"
    assert NUGET.source(SERVICE, Site(found.url)) == "https://feed.example/nuget/index.json"


def test_what_is_built_in_is_a_service_index(tmp_path: Path) -> None:
    found = discover(NUGET, "auto", {}, tmp_path, ())
    assert found.by == "builtin"
    assert NUGET.source(SERVICE, Site(found.url)).endswith("/v3/index.json")


def test_folders_are_passed_over_and_old_feeds_are_not() -> None:
    for text in ("./packages", "C:\\packages", "/srv/packages", "\\\\server\\share"):
        assert clean(text) == ""
    with pytest.raises(ValueError, match="service index"):
        clean("https://feed.example/api/v2/")
    assert clean("https://feed.example/v3/index.json") == "https://feed.example/v3/index.json"
