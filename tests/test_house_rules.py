"""Rules of the house that no single test could notice being broken."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "subak"
TESTS = ROOT / "tests"

MODULES = sorted(p.relative_to(SOURCE) for p in SOURCE.rglob("*.py"))

NEED_NO_MIRROR = {
    "__init__.py": "the version",
    "__main__.py": "one call of the command line",
    "ports.py": "declarations: tests/conformance says what they mean",
    "pipeline/answer.py": "declarations: every test of the pipeline makes them",
}
"""Modules without a test file of their own, and why. Empty packages are not counted."""

LONGEST_MODULE = 450


def ids(path: Path) -> str:
    return path.as_posix()


def tree(module: Path) -> ast.Module:
    return ast.parse((SOURCE / module).read_text("utf-8"))


def is_empty(module: Path) -> bool:
    """A docstring and nothing else."""
    return all(isinstance(node, ast.Expr) for node in tree(module).body)


# ---------------------------------------------------------------- tests mirror the source


@pytest.mark.parametrize("module", [m for m in MODULES if not is_empty(m)], ids=ids)
def test_every_module_has_its_test_file(module: Path) -> None:
    mirror = TESTS / module.parent / f"test_{module.parent.name if module.name == '__init__.py' else module.stem}.py"
    if module.as_posix() in NEED_NO_MIRROR:
        assert not mirror.is_file(), "it has tests: take it off the list"
    else:
        assert mirror.is_file(), f"write {mirror.relative_to(ROOT)}"


def test_lists_of_exceptions_name_modules_that_exist() -> None:
    assert NEED_NO_MIRROR.keys() | OWN_PROCESS.keys() | MAY_CATCH_ALL.keys() <= {m.as_posix() for m in MODULES}


# ---------------------------------------------------------------- sizes


@pytest.mark.parametrize("module", MODULES, ids=ids)
def test_modules_are_short(module: Path) -> None:
    lines = len((SOURCE / module).read_text("utf-8").splitlines())
    assert lines <= LONGEST_MODULE, "look for the second thing inside it"


@pytest.mark.parametrize("module", MODULES, ids=ids)
def test_modules_open_with_a_sentence(module: Path) -> None:
    assert ast.get_docstring(tree(module)), "say in one sentence what it knows"


# ---------------------------------------------------------------- the world outside


def dotted(node: ast.AST) -> str:
    """'time.time' for the expression of that name, '' for anything else."""
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return node.id if isinstance(node, ast.Name) else ""


def used(module: Path) -> Iterator[tuple[str, int]]:
    """Every dotted name in a module, imports resolved: `from time import time` counts as time.time."""
    parsed = tree(module)
    renamed: dict[str, str] = {}
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                renamed[alias.asname or top] = alias.name if alias.asname else top
        elif isinstance(node, ast.ImportFrom) and not node.level:
            renamed |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    for node in ast.walk(parsed):
        if isinstance(node, (ast.Attribute, ast.Name)):
            name = dotted(node)
            first, dot, rest = name.partition(".")
            if first in renamed:
                yield renamed[first] + dot + rest, node.lineno


ENVIRONMENT = re.compile(r"os\.(environ|environb|getenv|getenvb|putenv|unsetenv)\b")
CLOCK = re.compile(
    r"time\.(time|time_ns|monotonic|monotonic_ns|perf_counter|perf_counter_ns|process_time)\b"
    r"|datetime\.(datetime\.)?(now|utcnow|today)\b|datetime\.date\.today\b"
)
OWN_PROCESS = {
    "app.py": "the gateway",
    "analytics/__main__.py": "compaction, which app starts as a process of its own",
    "cli/analyze.py": "the analysis: a short-lived process that must not load the gateway (0.9 s)",
}
"""Where a process begins: there, and only there, clock and chance are read."""

CHANCE = re.compile(r"(random|secrets)\.\w|uuid\.uuid[147]\b|os\.(urandom|getrandom)\b")


def uses(module: Path, pattern: re.Pattern[str]) -> list[str]:
    return [f"{module}:{line} {name}" for name, line in used(module) if pattern.match(name)]


@pytest.mark.parametrize("module", [m for m in MODULES if m.as_posix() != "config.py"], ids=ids)
def test_only_config_reads_the_environment(module: Path) -> None:
    assert uses(module, ENVIRONMENT) == []


def test_config_reads_it_in_one_place() -> None:
    assert len(uses(Path("config.py"), ENVIRONMENT)) == 1


@pytest.mark.parametrize("module", [m for m in MODULES if m.as_posix() not in OWN_PROCESS], ids=ids)
def test_only_app_reads_clock_and_chance(module: Path) -> None:
    assert uses(module, CLOCK) == []
    assert uses(module, CHANCE) == []


@pytest.mark.parametrize("module", MODULES, ids=ids)
def test_nothing_is_left_for_later(module: Path) -> None:
    text = (SOURCE / module).read_text("utf-8")
    assert not re.search("|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")), text)
    assert not [n for n in ast.walk(tree(module)) if isinstance(n, ast.Raise) and "NotImplemented" in ast.unparse(n)]


MAY_CATCH_ALL = {
    "access/rules.py": "a broken guard is a closed gate",
    "pipeline/run.py": "metered, then raised again",
    "pipeline/artifacts.py": "followers must learn that their transfer is over; logged",
    "store/journal.py": "a broken meter opens: traffic and the next flush go on; logged",
    "gateway/worker.py": "the connection loop and background rounds must outlive a bug; logged",
    "gateway/asgi.py": "the connection loop must outlive a bug; logged",
    "gateway/door.py": "the connection loop must outlive a bug; logged",
}
"""Only guards and the loops that must outlive a bug."""


def broad(node: ast.ExceptHandler) -> bool:
    """Catches whatever comes and does not simply raise it again."""
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    catches_all = any(kind is None or dotted(kind) in ("Exception", "BaseException") for kind in kinds)
    raises_again = bool(node.body) and isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None
    return catches_all and not raises_again


@pytest.mark.parametrize("module", MODULES, ids=ids)
def test_no_error_is_swallowed(module: Path) -> None:
    found = [n.lineno for n in ast.walk(tree(module)) if isinstance(n, ast.ExceptHandler) and broad(n)]
    if module.as_posix() not in MAY_CATCH_ALL:
        assert found == []


# ---------------------------------------------------------------- no hosts


HOSTS = re.compile(
    "|".join(
        re.escape(name) + r"\." + top
        for name, top in (
            ("py" + "pi", "(org|io|python)"), ("python" + "hosted", "org"), ("npm" + "js", "(org|com)"),
            ("yarn" + "pkg", "com"), ("npm" + "mirror", "com"), ("deb" + "ian", "(org|net)"), ("ubu" + "ntu", "com"),
            ("crates", "io"), ("rubygems", "org"), ("packagist", "org"), ("golang", "org"), ("goproxy", "(io|cn)"),
            ("maven", "(org|apache|google)"), ("mvnrepository", "com"), ("open-vsx", "org"), ("nuget", "org"),
            ("anaconda", "(org|com)"), ("huggingface", "co"), ("docker", "(io|com)"), ("gcr", "io"), ("ghcr", "io"),
            ("quay", "io"), ("jsr", "io"), ("hex", "pm"), ("cpan", "org"), ("fedoraproject", "org"),
        )
    ),
    re.IGNORECASE,
)  # fmt: skip
BINARY = {".png", ".jpg", ".ico", ".woff2", ".gz", ".whl", ".tgz", ".parquet"}


def tracked() -> list[Path]:
    """Every file that is, or would be, part of the repository; without git, all but what tools leave behind."""
    asked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    if asked.returncode == 0:
        names = [Path(name) for name in asked.stdout.decode().split("\0") if name]
    else:
        names = [p.relative_to(ROOT) for p in ROOT.rglob("*")]
        names = [n for n in names if not any(part.startswith(".") or part == "node_modules" for part in n.parts)]
    return sorted(n for n in names if (ROOT / n).is_file() and n.suffix not in BINARY)


def test_no_registrys_host_is_named_anywhere() -> None:
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name in tracked()
        for number, line in enumerate((ROOT / name).read_text("utf-8", "replace").splitlines(), 1)
        if HOSTS.search(line)
    ]
    assert found == []


def test_the_pattern_finds_what_it_must() -> None:
    for host in ("files." + "python" + "hosted.org", "registry." + "npm" + "js.org", "static.crates" + ".io"):
        assert HOSTS.search(f"https://{host}/")
    for harmless in ("registry.example", "pypi.toml", "npm.toml", "docker.md", "subak.ecosystems.pypi.names"):
        assert not HOSTS.search(harmless)
