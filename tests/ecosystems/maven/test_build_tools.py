"""The settings that point build tools here."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from subak.ecosystems.maven.build_tools import CLIENTS, HINTS
from subak.sources.clientfiles import parse, pick

BY_NAME = {client.name: client for client in CLIENTS}


def test_maven_reads_one_mirror_for_everything() -> None:
    files = dict(BY_NAME["mvn"].files)
    mirror = ElementTree.fromstring(files["maven/settings.xml"]).find("mirrors/mirror")
    assert mirror is not None
    assert (mirror.findtext("mirrorOf"), mirror.findtext("url")) == ("*", "{base}/maven/")
    assert "maven/logging/simplelogger.properties" in files, "the folder of settings is also that of logging"


def test_what_we_write_is_what_discovery_reads() -> None:
    line = BY_NAME["mvn"].line
    text = line[line.index("<settings>") : line.index("</settings>") + len("</settings>")]
    (file,) = HINTS.files
    assert pick(parse(text, file.syntax, {}), file) == "{base}/maven/"


def test_gradles_script_is_where_its_argument_says() -> None:
    gradle = BY_NAME["gradle"]
    ((path, text),) = gradle.files
    ((program, arguments),) = gradle.shims
    assert program == "gradle"
    assert arguments == ("--init-script", "{folder}/" + path)
    assert "'{base}/maven/'" in text
    assert text.count("{") == text.count("}")


@pytest.mark.parametrize(
    ("url", "found"),
    [("https://registry.example/repo", "https://registry.example/repo"), ("http://0.0.0.0/", "")],
)
def test_the_mirror_that_blocks_is_no_upstream(url: str, found: str) -> None:
    assert HINTS.clean(url) == found
