"""`subak analyze` as it is typed."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subak.analytics.logs import scanning
from subak.cli import analyze as analyze_module
from subak.cli import options
from subak.cli.analyze import moment
from subak.errors import ConfigError

Type = Callable[..., Any]

AGENT = "npm/11.0.0 node/v24.0.0 linux x64 workspaces/false"


@pytest.fixture
def log(tmp_path: Path) -> str:
    """25 addresses fetch one file twice, a first one ten times more; and one line is nothing."""
    lines = [
        f'240.{n}.0.1 - - [05/Oct/2026:{hour:02}:00:{n:02} +0000] "GET /left-pad/-/left-pad-1.3.0.tgz HTTP/1.1" '
        f'200 1000 "-" "{AGENT}"\n'
        for hour in range(12)
        for n in range(25 if hour < 2 else 1)
    ]
    (tmp_path / "access.log").write_text("".join(lines) + "nothing\n")
    return "access.log"


@pytest.mark.parametrize(
    ("container", "most"), [("max\n", None), ("8000000000\n", 2_000_000_000), ("1000000000\n", 10**9), (None, None)]
)
def test_a_quarter_of_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, container: str | None, most: int | None
) -> None:
    told = tmp_path / "memory.max"
    if container is not None:
        told.write_text(container)
    monkeypatch.setattr(analyze_module, "CONTAINER", told)
    machine = {"SC_PHYS_PAGES": 4_000_000, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(os, "sysconf", machine.__getitem__)
    assert int(analyze_module._quarter()) == (most or 4_096_000_000)


def test_without_a_compiler_that_is_said(cli: Type, log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "compiled", lambda: False)
    said = cli("analyze", log, "--json")
    assert "no C compiler" in said.err
    assert json.loads(said.out)["meta"]["accepted"]["lines"] == 60
    moment = "2026-10-05T08:00:00Z"
    Path("other.log").write_text(json.dumps({"time": moment, "remote_addr": "240.1.0.1", "uri": "/", "status": 200}))
    assert "no C compiler" not in cli("analyze", "other.log", "--json").err  # it makes no difference


def test_the_answer_first_then_tables(cli: Type, log: str) -> None:
    said = cli("analyze", log)
    assert said.code == 0
    first, second, *rest = said.out.splitlines()
    assert first == "1 % of addresses took 20.0 % of requests."
    assert second == "58.3 % of the bytes would not have been asked for with a cache at each consumer."
    assert "# Few take most" in rest
    assert "requests\t60\trequests\t" in said.out
    assert "(1) were not understood and are in no figure" in said.err
    assert "240." not in said.out + said.err


def test_what_it_does_not_need_it_does_not_load(log: str, tmp_path: Path) -> None:
    """Each of these takes longer to load than a small log to read."""
    heavy = ("aiohttp", "cryptography", "ibis", "numpy", "pyarrow", "pydantic", "rich", "selectolax", "subak.app")
    program = (
        "import atexit, sys; from subak.cli import main; "
        f"atexit.register(lambda: print('loaded', *(name for name in {heavy} if name in sys.modules))); main()"
    )
    asked = [sys.executable, "-c", program, "analyze", log, "--html", "r.html", "--data", "data"]
    said = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert said.returncode == 0
    assert said.stdout.endswith("\nloaded\n")
    assert "leak" not in said.stderr  # what the engine would say of types that outlive it


def test_json_and_page(cli: Type, log: str, tmp_path: Path) -> None:
    said = cli("analyze", log, "--json", "--html", "r.html", "--prices", "example")
    report = json.loads(said.out)
    assert report["figures"]["requests"]["value"] == 60
    assert report["bill"]["currency"] == "USD"
    assert report["meta"]["rejected"]["lines"] == 1
    page = (tmp_path / "r.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "240." not in page


def test_a_table_alone(cli: Type, log: str) -> None:
    said = cli(
        "analyze",
        log,
        "--by",
        "ecosystem, purpose",
        "--show",
        "requests,addresses",
        "--k",
        "1",
        "--where",
        "status = 200",
    )
    lines = said.out.splitlines()
    assert lines[0] == "ecosystem\tpurpose\trequests\taddresses"
    assert sum(int(line.split("\t")[2]) for line in lines[1:]) == 60


def test_two_periods(cli: Type, log: str, tmp_path: Path) -> None:
    (tmp_path / "before.json").write_text(cli("analyze", log, "--until", "2026-10-05T01:30", "--json").out)
    rows = [line.split("\t") for line in cli("analyze", log, "--compare", "before.json").out.splitlines()]
    assert rows[0] == ["# What changed"]
    assert next(row[:6] for row in rows if row[1:2] == ["requests"]) == ["figures", "requests", "", "50", "60", "10"]
    against_log = json.loads(cli("analyze", log, "--compare", log, "--json").out)["comparison"]
    assert {change["difference"] for change in against_log["changes"]} <= {0, None}


def test_tables_are_written_and_read_again(cli: Type, log: str, tmp_path: Path) -> None:
    cli("analyze", log, "--parquet", "tables", "--rejects", "r.csv")
    assert json.loads(cli("analyze", "tables", "--json").out)["figures"]["requests"]["value"] == 60
    with (tmp_path / "r.csv").open() as file:
        assert [row["line"] for row in csv.DictReader(file)] == ["61"]
    assert cli("analyze", log, "--parquet", ".").code == 1


def test_a_consumer_is_explained(cli: Type, log: str) -> None:
    name = json.loads(cli("analyze", log, "--json").out)["consumers"]["rows"][0]["name"]
    said = cli("explain", "--consumer", name, "--from", log)
    assert said.code == 0
    assert "npm with 12 requests: " in said.out
    assert json.loads(cli("explain", "--consumer", name, "--from", log, "--json").out)[0]["requests"] == 12
    missing = cli("explain", "--consumer", "c-nobody", "--from", log)
    assert missing.code == 1
    assert "fix: Take the name from a report" in missing.err


def test_epochs_are_strangers_to_each_other(cli: Type, log: str) -> None:
    def name(*options: str) -> str:
        report = json.loads(cli("analyze", log, "--json", *options).out)
        return str(report["consumers"]["rows"][0]["name"])

    old = name("--epoch", "2026-10")
    assert old == name("--epoch", "2026-10") != name()
    assert cli("explain", "--consumer", old, "--from", log).code == 1
    assert cli("explain", "--consumer", old, "--from", log, "--epoch", "2026-10").code == 0


def test_pseudonyms_stay_until_their_epoch_is_erased(cli: Type, log: str) -> None:
    def names() -> set[str]:
        return {row["name"] for row in json.loads(cli("analyze", log, "--json").out)["consumers"]["rows"]}

    before = names()
    assert before == names()
    epoch = json.loads(cli("analyze", log, "--json").out)["meta"]["epoch"]
    said = cli("analyze", "--erase-epoch", epoch)
    assert (said.code, said.out) == (0, "")
    assert f"the key of {epoch} is erased" in said.err
    assert not before & names()
    assert "there is no key" in cli("analyze", "--erase-epoch", "1999-01").err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--by", "ecosytem"), "did you mean 'ecosystem'"),
        (("--show", "requests"), "--show and --where need --by"),
        (("--by", "day", "--show", "nothing"), "there is no measure"),
        (("--by", "day", "--where", "nonsense"), "expected a dimension"),
        (("--format", "combind"), "did you mean"),
        (("--registry", "nix"), ""),
        (("--registry", "pypi", "--registry", "npm"), "one registry for the whole log"),
        (("--simulate", "be nice"), ""),
        (("--cache", "large"), "not a size"),
        (("--memory", "all"), "not a size"),
        (("--since", "soon"), "is no time"),
        (("--erase-epoch", "now"), "is no epoch"),
        (("--epoch", "now"), "is no epoch"),
        (("--k", "0"), ""),
    ],
)
def test_wrong_usage_is_2_and_says_why(cli: Type, log: str, arguments: tuple[str, ...], says: str) -> None:
    said = cli("analyze", log, *arguments)
    assert said.code == 2
    assert says in " ".join(said.err.replace("│", " ").split())


@pytest.mark.parametrize("arguments", [("--prices", "no.toml"), ("--ranges", "no.csv"), ("--compare", "no.json")])
def test_a_missing_file_is_1(cli: Type, log: str, arguments: tuple[str, ...]) -> None:
    said = cli("analyze", log, *arguments)
    assert said.code == 1
    assert said.err.startswith("error: ")


def test_without_readings_it_says_what_to_do(cli: Type) -> None:
    said = cli("analyze")
    assert said.code == 1
    assert "no readings" in said.err
    assert "subak serve" in said.err


def test_nothing_understood_is_1(cli: Type, tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("nothing\n" * 3)
    said = cli("analyze", "x.log")
    assert said.code == 1
    assert "No request was found." in said.err
    assert cli("analyze", "none.log").code == 1


def test_hosts_name_their_registries(cli: Type, log: str) -> None:
    assert cli("analyze", log, "--registry", "files.registry.example=npm", "--json").code == 0
    assert cli("analyze", log, "--registry", "npm", "--json").code == 0


def test_help_is_grouped_and_has_examples(cli: Type) -> None:
    text = cli("analyze", "--help").out
    for said in (
        *(getattr(options, name) for name in ("READING", "ASKING", "KNOWING", "SHOWING", "PRIVACY")),
        "Examples:",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("text", "at"), [("24h", 1_791_072_000), ("2026-10-05", 1_791_158_400), ("2026-10-05T02:00+02:00", 1_791_158_400)]
)
def test_moments(text: str, at: float) -> None:
    assert moment(text, 1_791_158_400) == at
    with pytest.raises(ConfigError, match="is no time"):
        moment("soon", 0)


def test_an_interrupt_is_one_whoever_noticed_it() -> None:
    """The engine looks for one between the parts of a query, Python between two queries."""
    with pytest.raises(KeyboardInterrupt), analyze_module.interruptible():
        raise RuntimeError(analyze_module.INTERRUPTED)
    code = (
        "import os, signal, threading, duckdb\n"
        "from subak.cli.analyze import interruptible\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may ignore it\n"
        "threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "try:\n"
        "    with interruptible(), duckdb.connect() as engine:\n"
        "        while True:\n"
        "            engine.execute('SELECT sum(hash(range)) FROM range(1000000)')\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "interrupted\n"


def test_another_error_of_the_engine_stays_what_it_is() -> None:
    with pytest.raises(RuntimeError, match="broken"), analyze_module.interruptible():
        raise RuntimeError("broken")
