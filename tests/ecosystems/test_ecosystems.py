"""One ecosystem served several times: names, what the copies keep, and what they leave out."""

from __future__ import annotations

import pytest

from subak.ecosystems import ALL, BY_NAME, family, served
from subak.ecosystems.base import Hints
from subak.errors import ConfigError


def test_names_of_ecosystems_leave_room_for_suffixes() -> None:
    assert [e.name for e in ALL if "-" in e.name or family(e.name) != e.name] == []


def test_nothing_further_by_default() -> None:
    assert served() == BY_NAME
    assert served(["npm", "maven"]) == BY_NAME


def test_a_further_registry_is_the_same_ecosystem_elsewhere() -> None:
    found = served(["npm", "maven-plugins", "debian-security-old"])
    assert sorted(found) == sorted([*BY_NAME, "maven-plugins", "debian-security-old"])
    assert list(found).index("maven-plugins") == list(found).index("maven") + 1, "listed beside its family"
    again, first = found["maven-plugins"], BY_NAME["maven"]
    assert (again.name, again.mount, family(again.name)) == ("maven-plugins", "/maven-plugins", "maven")
    assert first.title in again.title
    assert "plugins" in again.title
    assert again.routes == first.routes
    assert (again.clients, again.hints) == ((), Hints())


def test_a_further_registry_is_proved_like_the_first() -> None:
    (go,) = (e for e in ALL if e.hints.further)
    again = served([f"{go.name}-internal"])[f"{go.name}-internal"]
    assert (again.hints.further, again.hints.builtin) == (go.hints.further, go.hints.builtin)
    assert (again.hints.environ, again.hints.files) == ((), ())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("debain", "did you mean 'debian'?"),
        ("debain-security", "no ecosystem 'debain'; did you mean 'debian'?"),
        ("zzzzzz", "there are pypi, npm,"),
        ("connect-timout", "no ecosystem 'connect'"),
        ("debian-", "like 'debian-internal'"),
        ("debian--a", "like 'debian-internal'"),
        ("debian-A", "like 'debian-internal'"),
        ("debian-a/b", "like 'debian-internal'"),
        ("oci-internal", "insist on /v2/"),
    ],
)
def test_names_that_cannot_be_served(name: str, told: str) -> None:
    with pytest.raises(ConfigError, match="upstream") as caught:
        served(["npm", name])
    assert told in caught.value.detail
