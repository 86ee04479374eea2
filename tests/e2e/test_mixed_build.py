"""One CI job with six package managers, run twice on fresh machines: the second run asks no registry for a file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from e2e.clients import unable
from e2e.running import Gateway, clean_environment
from e2e.scene import eventually
from e2e.test_cargo import toolchain
from subak.ecosystems.debian import DEBIAN
from subak.sources.clientfiles import places, read

JOB = Path(__file__).with_name("mixed_build.sh")
PROGRAMS = ("npm", "node", "mvn", "go", "apt-get")
FETCHED = ("pypi", "npm", "maven", "cargo", "go", "debian")
PROBES = {
    "pypi": "/pypi/simple/flask/",
    "npm": "/npm/express",
    "maven": "/maven/org/apache/commons/commons-lang3/maven-metadata.xml",
    "cargo": "/cargo/index/config.json",
    "go": "/go/github.com/spf13/cobra/@v/list",
}
FILES = ("artifact", "metadata")


def security_updates() -> str:
    """Where this machine's apt has its security updates from, if that is an archive of its own."""
    files = [path for file in DEBIAN.hints.files for path in places(file.path, os.environ, Path.home())]
    return next((url for url in (read(path, "apt", os.environ).get("deb-security", "") for path in files) if url), "")


def run(gateway: Gateway, folder: Path) -> float:
    """The job on a fresh machine, by `subak run`; whatever goes round the gateway meets a proxy that is not there.
    Seconds. Fails the test with all it said when it fails."""
    folder.mkdir()
    mine = ("CARGO", "RUSTUP", "GO", "MAVEN", "M2_")
    kept = {k: v for k, v in clean_environment().items() if not k.upper().startswith(mine)}
    nowhere = {f"{scheme}_proxy": "http://127.0.0.1:9" for scheme in ("http", "https", "HTTP", "HTTPS")}
    java = " ".join(f"-D{scheme}.proxyHost=127.0.0.1 -D{scheme}.proxyPort=9" for scheme in ("http", "https"))
    environ = {
        **kept, **nowhere, "PATH": f"{toolchain()}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder),
        "MAVEN_OPTS": f"{java} -Duser.home={folder}", "MAVEN_SKIP_RC": "1", "PYTHON": sys.executable,
        "PYTHONPATH": gateway.environment()["PYTHONPATH"], "SUBAK_DATA": str(folder / "subak"), "LC_ALL": "C.UTF-8",
    }  # fmt: skip
    command = (sys.executable, "-m", "subak", "run", "--url", gateway.url, "--", "sh", str(JOB), str(folder / "job"))
    begun = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{done.stdout[-8000:]}\n{done.stderr[-8000:]}\n{gateway.log()[-4000:]}"
    return time.monotonic() - begun


def figures(gateway: Gateway) -> dict[tuple[str, str, str], Mapping[str, int]]:
    """Requests and bytes fetched until now, by ecosystem, kind and origin."""
    asked = "/-/api/v1/stats?by=ecosystem,kind,origin&show=requests,bytes_fetched"
    table = gateway.ask(asked).json()
    found = (dict(zip(table["columns"], row, strict=True)) for row in table["rows"])
    return {(row["ecosystem"], row["kind"], row["origin"]): row for row in found}


def test_the_job_names_no_registry() -> None:
    assert "http" not in JOB.read_text()


@pytest.mark.clients
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.xdist_group("registries")
def test_a_second_machine_costs_the_registries_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for program in PROGRAMS:
        if not shutil.which(program):
            unable(f"{program} is not installed")
    toolchain()
    security = security_updates()
    # Documents stay good between the two runs: whether a registry published something meanwhile is not asked here.
    settings = {"cache.reserve": "0", "cache.fresh": "15m"}
    settings |= {"upstream.debian_security": security} if security else {}
    with Gateway(tmp_path / "data", settings) as gateway:
        for ecosystem, path in PROBES.items():
            answer = gateway.ask(path)
            if answer.status != 200:
                unable(f"the registry of {ecosystem} cannot be reached: {answer.body[:300]!r}")
        cold = run(gateway, tmp_path / "first")
        eventually(lambda: gateway.leftovers() == [])
        time.sleep(1.1)  # readings of the first run are written, and lie before the window of the second
        before, since = figures(gateway), time.time()
        warm = run(gateway, tmp_path / "second")
        time.sleep(1.1)
        after = figures(gateway)
        window = f"{time.time() - since:.2f}s"
        table = subak(gateway, "stats", "--since", window)
        assert "Traceback" not in gateway.log()
        assert "does not match" not in gateway.log()
    total, _, rest = table.partition("\n")
    by_ecosystem = rest.partition("# By ecosystem\n")[2].partition("\n\n")[0]
    with capsys.disabled():
        print(
            f"\n{cold:.0f} s with no copies, {warm:.0f} s on the next machine\n{total}\n{by_ecosystem.expandtabs(17)}"
        )

    spent = {
        key: {name: row[name] - before.get(key, {}).get(name, 0) for name in ("requests", "bytes_fetched")}
        for key, row in after.items()
    }
    served = {ecosystem for (ecosystem, kind, _), row in spent.items() if kind in FILES and row["requests"]}
    assert served >= set(FETCHED), "every client fetched files in the second run as well"
    for (ecosystem, kind, origin), row in spent.items():
        if kind in FILES:
            assert row["bytes_fetched"] == 0, (ecosystem, kind, origin)
            assert origin != "miss" or row["requests"] == 0, (ecosystem, kind)

    heading, *rows = by_ecosystem.splitlines()
    place = heading.split("\t").index("avoided")
    avoided = {cells[0]: int(cells[place]) for cells in (row.split("\t") for row in rows)}
    assert {ecosystem: avoided.get(ecosystem, 0) > 0 for ecosystem in FETCHED} == dict.fromkeys(FETCHED, True)
    assert not security or avoided["debian-security"] > 0


def subak(gateway: Gateway, *arguments: str) -> str:
    """What a command prints about the gateway's data folder."""
    environ = clean_environment(PYTHONPATH=gateway.environment()["PYTHONPATH"], SUBAK_DATA=str(gateway.data))
    command = (sys.executable, "-m", "subak", *arguments)
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout
