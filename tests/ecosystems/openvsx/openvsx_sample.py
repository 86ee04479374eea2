"""A gallery with one extension, in both of its APIs; the registry API has the sha256 of its packages."""

from __future__ import annotations

import json
from functools import cache
from urllib.parse import quote

from e2e.asking import ask
from ecosystems.asking import meaning
from ecosystems.sampling import Sample, recorded
from pipeline_world import BASE, Answer
from registry.openvsx_registry import JSON, VSIX, OpenVsxRegistry

QUESTION = {"filters": [{"criteria": [{"filterType": 7, "value": "Acme.Hello"}]}], "flags": 439}
QUERY = "vscode/gallery/extensionquery"


@cache
def openvsx() -> Sample:
    asked = f"/openvsx/{QUERY}?q={quote(json.dumps(QUESTION))}"
    told = ("api/Acme/Hello/1.0.0", "api/Acme/Hello/versions", "api/Acme", "vscode/unpkg/Acme/Hello/1.0.0")
    with OpenVsxRegistry() as gallery:
        package = gallery.add("Acme", "Hello", "1.0.0", padding=200_000)
        gallery.add("Acme", "Hello", "1.1.0")
        sent = meaning(f"GET {asked}").question
        answer = ask(gallery.url.removesuffix("/"), f"/{QUERY}", {"connection": "close"}, method="POST", body=sent)
        here = {gallery.url: BASE, gallery.url.removesuffix("/"): BASE.removesuffix("/")}
        upstream = recorded(gallery.url, told, renamed=here)
    body = answer.body.replace(gallery.url.encode(), BASE.encode())
    file_url = f"{BASE}vscode/asset/Acme/Hello/1.0.0/{VSIX}"
    upstream |= {
        f"{BASE}{QUERY}": Answer(body, headers=JSON),
        f"{BASE}{package.folder[1:]}/file/{package.filename('sha256')}": Answer(package.sha256.encode()),
        file_url: Answer(package.body),
    }
    return Sample(
        "openvsx", upstream, (asked, "/openvsx/vscode/gallery/Acme/Hello/latest", *(f"/openvsx/{t}" for t in told)),
        "/openvsx/vscode/gallery/publishers/Acme/vsextensions/Hello/1.0.0/vspackage", file_url,
        hidden="1.1.0", offered=versions,
    )  # fmt: skip


def versions(body: bytes) -> set[str]:
    """What an editor chooses from."""
    (result,) = json.loads(body)["results"]
    found = [version for extension in result["extensions"] for version in extension["versions"]]
    assert all(version["assetUri"].startswith("http://gateway.example/") for version in found)
    return {version["version"] for version in found}
