"""The command line. Commands import what they need when they run, so that `subak --help` is quick."""

from __future__ import annotations

import sys

import typer

import subak
from subak.cli import analyze, keys, options, pointing, reports, serving
from subak.cli.saying import complain
from subak.cli.values import QuickCommand, QuickGroup
from subak.errors import SubakError

app = typer.Typer(
    name="subak",
    cls=QuickGroup,
    help="A pull-through cache and fair gateway for package registries: one river, fairly shared.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("serve", cls=QuickCommand)(serving.serve)
app.command(
    "run", cls=QuickCommand, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)(pointing.run)
app.command("env", cls=QuickCommand)(pointing.env)
app.command("init", cls=QuickCommand)(pointing.init)
app.command("doctor", cls=QuickCommand)(pointing.doctor)
app.command("stats", cls=QuickCommand)(reports.stats)
app.command("explain", cls=QuickCommand)(reports.explain)
app.command("analyze", cls=QuickCommand, epilog=options.EXAMPLES)(analyze.analyze)
app.add_typer(keys.app, name="keys")


def _print_version(asked: bool) -> None:
    if asked:
        print(f"subak {subak.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", help="Print the version.", callback=_print_version, is_eager=True),
) -> None:
    """Options of `subak` itself."""


def main() -> None:
    """The console script: exit code 0 for success, 1 for a finding or a failure, 2 for wrong usage."""
    try:
        app(prog_name="subak")
    except SubakError as error:
        complain(error)
        sys.exit(1)
