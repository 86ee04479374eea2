"""`subak analyze` as a process of its own: beside a gateway at work, on any log, and on logs that mean harm."""

from __future__ import annotations

import csv
import gzip
import json
import os
import pty
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from e2e.clients import ALL, Project, unable
from e2e.running import ROOT, Gateway, Start, clean_environment
from e2e.scene import eventually
from registry.upstream import Registry

ESCAPES = re.compile(rb"\x1b(?!\[[0-9;]*m)|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]|\xc2[\x80-\x9f]")
"""Whatever a terminal obeys, but for colours."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder in which an operator types."""

    folder: Path

    def environment(self) -> dict[str, str]:
        data = {"SUBAK_DATA": str(self.folder / "data"), "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "100"}
        return clean_environment(**data, HOME=str(self.folder))

    def type(self, *arguments: str, typed: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run `subak` to its end, in a pipe."""
        return subprocess.run(
            [sys.executable, "-m", "subak", *arguments],
            input=typed, capture_output=True, cwd=self.folder, env=self.environment(), timeout=60, check=False,
        )  # fmt: skip

    def report(self, *arguments: str, typed: bytes = b"") -> dict[str, Any]:
        """What `subak analyze --json` says. Fails the test when it does not succeed."""
        done = self.type("analyze", "--json", *arguments, typed=typed)
        assert done.returncode == 0, done.stderr.decode()
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    def at_a_terminal(self, *arguments: str) -> bytes:
        """Everything that appears on a person's screen."""
        screen, end = pty.openpty()
        command = [sys.executable, "-m", "subak", *arguments]
        process = subprocess.Popen(command, stdout=end, stderr=end, cwd=self.folder, env=self.environment())
        os.close(end)
        shown = b""
        try:
            while piece := os.read(screen, 1 << 16):
                shown += piece
        except OSError:
            pass  # how Linux says that nobody writes any more
        finally:
            os.close(screen)
            assert process.wait(60) == 0, shown
        return shown


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "desk").mkdir()
    return Desk(tmp_path / "desk")


def line(address: str, hour: int, target: str, agent: str = "npm/11.0.0 node/v24.0.0 linux x64") -> str:
    return f'{address} - - [05/Oct/2026:{hour:02}:00:00 +0000] "GET {target} HTTP/1.1" 200 1000 "-" "{agent}"\n'


def harvest() -> str:
    """25 addresses fetch one file twice; a first one ten times more."""
    left_pad = "/left-pad/-/left-pad-1.3.0.tgz"
    return "".join(
        line(f"240.{n}.0.1", hour, left_pad) for hour in range(12) for n in range(25 if hour < 2 else 1)
    )  # fmt: skip


# ---------------------------------------------------------------- beside a gateway


@pytest.mark.clients
def test_pip_through_the_gateway_is_seen_while_it_serves(
    upstream: Registry, start: Start, tmp_path: Path, desk: Desk
) -> None:
    upstream.add_wheel("top", "1.0", ("bottom",))
    upstream.add_wheel("bottom", "1.0")
    gateway = start(upstream, {"readings.flush": "100ms"})
    for machine in ("first", "second"):
        ALL["pip"].install(Project.behind(gateway.url, tmp_path / machine, ("top",)))
    of_it = ("--data", str(gateway.data))

    def downloads() -> int:
        return int(desk.report(*of_it)["figures"]["downloads_npm_like"]["value"])

    eventually(lambda: downloads() == 4)
    before = desk.report(*of_it)
    assert [row["name"] for row in before["ecosystems"]["rows"]] == ["pypi"]
    assert "pip" in {row["name"] for row in before["software"]["rows"]}
    assert {"hit", "miss"} <= {row["name"] for row in before["caches"]["rows"]}
    assert [source["format"] for source in before["meta"]["sources"]] == ["readings"]
    kinds = {row[0]: row[1] for row in desk.report(*of_it, "--k", "1", "--by", "kind")["slices"][0]["rows"]}
    assert kinds["artifact"] == 4
    assert kinds["index"] >= 4
    _explained(desk, before, gateway)

    _compacted(gateway)
    after = desk.report(*of_it)
    assert after["figures"] == before["figures"]
    assert after["caches"] == before["caches"]
    assert gateway.ask("/pypi/simple/top/").status == 200


def _explained(desk: Desk, report: dict[str, Any], gateway: Gateway) -> None:
    """From the gateway's readings, and from tables that were saved of them."""
    name = report["consumers"]["rows"][0]["name"]
    data = ("--data", str(gateway.data))
    assert desk.type("analyze", *data, "--parquet", "tables").returncode == 0
    for source in ((), ("--from", str(gateway.data / "readings")), ("--from", "tables")):
        done = desk.type("explain", "--consumer", name, *data, *source)
        assert done.returncode == 0, done.stderr.decode()
        assert "pip" in done.stdout.decode().splitlines()[0]


def _compacted(gateway: Gateway) -> None:
    """What the gateway starts now and then by itself; the journal of its first life is finished."""
    gateway.restart()
    readings = gateway.data / "readings"
    command = [sys.executable, "-m", "subak.analytics", "compact", str(readings)]
    subprocess.run(command, env=gateway.environment(), check=True, timeout=60, capture_output=True)
    assert list(readings.glob("*/*.parquet"))


def test_a_gateway_that_nobody_has_asked(upstream: Registry, start: Start, desk: Desk) -> None:
    gateway = start(upstream)
    done = desk.type("analyze", "--data", str(gateway.data))
    assert b"No request was found." in done.stderr
    assert b"Traceback" not in done.stderr


# ---------------------------------------------------------------- logs of any kind


def test_one_log_in_many_wrappings(desk: Desk) -> None:
    text = harvest().encode()
    (desk.folder / "whole.log").write_bytes(text)
    (desk.folder / "whole.log.gz").write_bytes(gzip.compress(text))
    (desk.folder / "parts").mkdir()
    half = text.index(b"\n", len(text) // 2) + 1
    (desk.folder / "parts/1.gz").write_bytes(gzip.compress(text[:half]))
    (desk.folder / "parts/2.log").write_bytes(text[half:])
    reports = [
        desk.report("whole.log"),
        desk.report("whole.log.gz"),
        desk.report("parts/*"),
        desk.report("-", typed=gzip.compress(text)),
    ]
    assert reports[0]["figures"]["requests"]["value"] == 60
    for report in reports[1:]:
        assert {**report, "meta": 0} == {**reports[0], "meta": 0}


def test_exit_codes(desk: Desk) -> None:
    (desk.folder / "good.log").write_text(harvest())
    (desk.folder / "cut.log.gz").write_bytes(gzip.compress(harvest().encode() * 99)[:-200])
    for code, arguments in (
        (0, ("good.log",)),
        (1, ("cut.log.gz",)),
        (1, ("none.log",)),
        (2, ("good.log", "--by", "nonsense")),
    ):
        done = desk.type("analyze", *arguments)
        assert done.returncode == code, (arguments, done.stderr.decode())
        assert b"Traceback" not in done.stderr


def test_an_erased_epoch_leaves_words_without_meaning(desk: Desk) -> None:
    (desk.folder / "a.log").write_text(harvest())

    def names(*options: str) -> set[str]:
        return {row["name"] for row in desk.report("a.log", *options)["consumers"]["rows"]}

    october = names("--epoch", "2026-10")
    assert not october & names("--epoch", "2026-11")
    told = ("explain", "--consumer", min(october), "--from", "a.log", "--epoch", "2026-10")
    assert desk.type(*told).returncode == 0
    assert desk.type("analyze", "--erase-epoch", "2026-10").returncode == 0
    assert desk.type(*told).returncode == 1
    assert not october & names("--epoch", "2026-10")


def test_registries_add_up_without_addresses(desk: Desk) -> None:
    for name in ("one", "two"):
        (desk.folder / f"{name}.log").write_text(harvest())
        assert desk.type("analyze", f"{name}.log", "--sketch", f"{name}.sketch").returncode == 0
    done = desk.type("analyze", "--merge-sketches", "--json", "one.sketch", "two.sketch")
    shares = {(one["unit"], one["weight"]): one for one in json.loads(done.stdout)["top_shares"]}
    low, high = shares["client", "requests"]["share"]
    assert low <= 0.2 <= high
    assert shares["client", "requests"]["total"] == 120


# ---------------------------------------------------------------- logs that mean harm


@contextmanager
def beacon() -> Iterator[tuple[str, list[bytes]]]:
    """An address of our own, and who asked there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked: list[bytes] = []

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(4096))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/", asked
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def browse(page: Path) -> tuple[str, list[str]]:
    """The page as a browser without any network but loopback has it, and what the browser's console said."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
    if not browser:
        unable("no Chromium on this machine")
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--enable-logging=stderr", "--log-level=0",
         f"--user-data-dir={page.parent / 'browser'}", "--virtual-time-budget=2000", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=60, check=True, env=clean_environment(HOME=str(page.parent)),
    )  # fmt: skip
    return done.stdout, [said for said in done.stderr.splitlines() if "CONSOLE" in said]


HARM = (
    "\x1b[2J\x1b]0;owned\x07",
    "<script>document.title='owned';console.error('owned')</script>",
    '<img src="{beacon}" onerror="console.error(1)">',
    "=cmd|'/c calc'!A1",
    "@SUM(1+1)",
    "\u202egnp.exe",
)


def hostile(folder: Path, beacon: str) -> str:
    """A log whose every field that a stranger writes means harm; the name of the file as well. Gives the name."""
    rows = [harvest()]
    for n, text in enumerate(harm.format(beacon=beacon) for harm in HARM):
        path = "".join(f"%{byte:02x}" for byte in text.encode())
        for target in (f"/{path}", f"/{path}/-/{path}-1.0.0.tgz", f"/simple/{path}/", text.replace(" ", "")):
            rows += [line(f"240.9.{n}.1", 3, target, text.replace('"', '\\"')) for _ in range(2)]
        rows.append(f"{text}\n240.0.0.77 {text}\n")
    rows.append(f"240.0.0.78 {'A' * 1_000_000}\n")
    rows.append(line("240.0.0.79", 4, "/left-pad/-/left-pad-1.3.0.tgz", "B" * 1_000_000))
    name = "=1+1\x1b[2J<img src=x onerror=console.error(2)>.log"
    (folder / name).write_text("".join(rows))
    return name


def test_a_hostile_log_does_no_harm(desk: Desk) -> None:
    ways = ("--k", "1", "--rejects", "r.csv", "--html", "r.html")
    table = ("--by", "package,software", "--show", "requests")
    with beacon() as (url, asked):
        name = hostile(desk.folder, url)
        screen = desk.at_a_terminal("analyze", name, *ways) + desk.at_a_terminal("analyze", name, "--k", "1", *table)
        # The bar that shows progress moves the cursor and hides it meanwhile; these are ours.
        assert not ESCAPES.search(re.sub(rb"\x1b\[(\?25[lh]|[0-9]*[AK])", b"", screen))
        for arguments in ((), table, ("--json",), ("--json", *table)):
            done = desk.type("analyze", name, "--k", "1", *arguments)
            assert done.returncode == 0, done.stderr.decode()
            assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", done.stdout + done.stderr)
            assert not re.search(rb"^(?:.*\t)?[=@]", done.stdout, re.MULTILINE)
            assert max(map(len, done.stdout.splitlines())) < 20_000
        with (desk.folder / "r.csv").open(newline="") as file:
            rejected = list(csv.DictReader(file))
        assert len(rejected) >= len(HARM) * 2 + 1
        for row in rejected:
            assert all(cell.isprintable() and not cell.startswith(("=", "+", "-", "@")) for cell in row.values())
            assert "240." not in row["sample"]
            assert len(row["sample"]) < 1000
        dom, console = browse(desk.folder / "r.html")
    assert console == []
    assert asked == []
    assert "owned" not in dom.partition("</title>")[0]
    assert not re.search(r"<(script|img|iframe|object|embed)\b", dom, re.IGNORECASE)
    assert not re.search(r"\b240\.\d+\.\d+", dom)


def test_the_page_needs_nothing_else(desk: Desk) -> None:
    (desk.folder / "a.log").write_text(harvest())
    options = ("--html", "a.html", "--prices", "example", "--simulate", "limit=2/hour per=address")
    assert desk.type("analyze", "a.log", *options).returncode == 0
    dom, console = browse(desk.folder / "a.html")
    assert console == []
    for said in ("<h1>1 % of addresses took", "Few take most", "What it costs", "Limits, tried on this traffic"):
        assert said in dom
    assert "<svg" in dom
    outside = re.findall(r"(?:src|href|action|xlink:href|srcset)=[\"'](?!#|data:)[^\"']*|url\((?!#)|@import", dom)
    assert outside == []


def test_the_browser_would_tell(tmp_path: Path) -> None:
    """What the two tests above rely on: a page that asks elsewhere and complains is noticed."""
    with beacon() as (url, asked):
        page = f'<title>x</title><img src="{url}"><script>console.error("owned")</script>'
        (tmp_path / "bad.html").write_text(page)
        _, console = browse(tmp_path / "bad.html")
        eventually(lambda: asked)
    assert any("owned" in said for said in console)
