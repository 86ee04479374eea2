"""`subak run`, `env`, `init`, `doctor`: pointing clients here, and seeing whether that works."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from subak.cli.saying import as_json, marked, note, pretty
from subak.config import Config, environment, load, upstream_variable
from subak.errors import ConfigError, NotFound, SubakError, UpstreamDown

if TYPE_CHECKING:
    from subak.ecosystems.base import Ecosystem
    from subak.sources.discovery import Found

CONFIG = typer.Option("", help="Settings file; without it $SUBAK_CONFIG, else ./subak.toml if there is one.")

COMMAND = typer.Argument(help="The command and its arguments; write -- before it.")
CLIENTS = typer.Argument(None, metavar="[CLIENT]...", help="Clients to point here.", show_default="all")
FOLDER = typer.Argument(Path("."), metavar="[DIR]", help="Where to write subak.toml.")
URL = typer.Option("", help="The gateway's URL.", show_default="the one in the settings")
JSON = typer.Option(False, "--json", help="Print JSON.")


def run(
    command: list[str] = COMMAND,
    url: str = URL,
    config: str = CONFIG,
) -> None:
    """Run a command whose package managers ask Subak; starts a gateway if none answers."""
    from subak.adoption import run as errands
    from subak.adoption.settings import url_of

    settings = load(config)
    errand = errands.Errand(
        command=command, url=url or url_of(settings.server), environ=environment(), folder=settings.folder,
        serve=[sys.executable, "-m", "subak", "serve", *(("--config", config) if config else ())],
        now=_now, say=note, grace=float(settings.server.shutdown_grace) + 15,
    )  # fmt: skip
    code = errands.run(errand)
    if code < 0:
        _die_of(-code)
    raise typer.Exit(code)


def _now() -> float:
    # Imported at the first call, when a gateway is starting: the two take their time side by side.
    from subak import app

    return app.now()


def _die_of(number: int) -> None:
    """End as the command did, so that whoever waits for us sees the signal itself; 128 + its number otherwise."""
    if number in (
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGKILL,
        signal.SIGPIPE,
        signal.SIGUSR1,
        signal.SIGUSR2,
    ):
        sys.stdout.flush()
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
    raise typer.Exit(128 + number)  # the others would leave a core dump of ours


def env(
    clients: list[str] = CLIENTS,
    shell: str = typer.Option(
        "", help="bash (any POSIX shell), fish, powershell, github, gitlab.", show_default="yours"
    ),
    url: str = URL,
    config: str = CONFIG,
    json: bool = JSON,
) -> None:
    """Print the settings that point clients here."""
    from subak.adoption import settings as known
    from subak.adoption.clientfolder import write

    environ = environment()
    shell = shell or known.shell_of(environ)
    if shell not in known.SHELLS:
        raise typer.BadParameter(f"{shell!r} is none of {', '.join(known.SHELLS)}", param_hint="--shell")
    unknown = [name for name in clients or () if name not in known.known_clients()]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is none of {', '.join(known.known_clients())}", param_hint="CLIENT")
    settings = load(config)
    where = url or known.url_of(settings.server)
    elsewhere = shell == "gitlab"  # a file for other machines carries neither this one's NO_PROXY nor its folders
    found = known.settings_for(
        clients or (),
        where,
        environ={} if elsewhere else environ,
        folder=None if elsewhere else known.folder_for(settings.folder, where),
        upstreams=_upstreams(settings, where, known.needing_upstream(clients or ())),
    )
    write(found, environ)
    for remark in known.left_out(found, lambda client: bool(clients) or known.installed(client, environ)):
        note(remark)
    if json:
        as_json({"url": found.url, "clients": found.clients, "environ": dict(found.environ)})
        return
    print(known.render(found, shell), end="")
    if pretty():
        note(f"to apply: {known.how_to_apply(shell)}")


def _upstreams(settings: Config, url: str, of: Sequence[Ecosystem]) -> dict[str, str]:
    """What the gateway at `url` fetches from; what one on this machine would, if none answers. Asked for ecosystems
    whose clients have to know it."""
    from subak.adoption.asking import upstreams_at
    from subak.adoption.settings import check_url
    from subak.ecosystems import family, served
    from subak.sources.discovery import look_around

    if not of:
        return {}
    try:
        return upstreams_at(check_url(url))
    except (UpstreamDown, NotFound):
        wanted = {ecosystem.name for ecosystem in of}
        asked = [e for e in served(settings.upstream.registries).values() if family(e.name) in wanted]
        return {f.ecosystem: f.url for f in look_around(settings, asked, environment(), Path.home()) if f.url}


def init(
    folder: Path = FOLDER,
    force: bool = typer.Option(False, "--force", help="Overwrite the one that is there."),
) -> None:
    """Write subak.toml from what this machine's clients use today."""
    from subak import app
    from subak.adoption.init import write

    # What an older subak.toml here says about upstreams is what this command is asked to find out anew.
    fresh = replace(load(), upstream=load(os.devnull).upstream)
    upstreams = app.upstreams(fresh)
    file = write(folder, upstreams, force=force)
    print(f"wrote {file}")
    width = max(11, *(len(found.ecosystem) for found in upstreams))
    for found in upstreams:
        if not found.unnamed:
            told = f"{found.url or 'none'}  ({found.where if found.url else found.problem})"
            print(f"  {found.ecosystem:<{width}} {told}")
            for remark in (*found.notes, *_credentials(found)):
                print(f"  {'':<{width}} {remark}")
    unnamed = ", ".join(found.ecosystem for found in upstreams if found.unnamed)
    if unnamed:
        print(f"  {'none yet':<{width}} {unnamed}")


def _credentials(found: Found) -> tuple[str, ...]:
    variable = upstream_variable(found.ecosystem)
    return (f"its credentials were not written down; they are read from where they are, or from {variable}",) * bool(
        found.authorization
    )


def doctor(
    url: str = URL,
    config: str = CONFIG,
    online: bool = typer.Option(True, "--online/--offline", help="Ask each upstream one small question."),
    json: bool = JSON,
) -> None:
    """Say what works, what does not, and what to do. Exit code 1 if something fails."""
    from subak import app
    from subak.adoption.doctor import Patient, examine, worst
    from subak.adoption.settings import check_url, url_of
    from subak.ecosystems import ALL, served

    trouble: SubakError | None = None
    try:
        settings = load(config)
    except ConfigError as error:
        settings, trouble = Config(), error
    if url:  # whatever leads there is the gateway itself, not an upstream
        settings = replace(settings, server=replace(settings.server, public_url=check_url(url)))
    where = url_of(settings.server)
    ecosystems: Sequence[Ecosystem] = ALL
    try:
        ecosystems = tuple(served(settings.upstream.registries).values())
        upstreams = app.upstreams(settings)
    except SubakError as error:
        upstreams, trouble = (), trouble or error
    patient = Patient(
        config=settings,
        trouble=trouble,
        upstreams=upstreams,
        url=where,
        environ=environment(),
        now=app.now,
        online=online,
        ecosystems=ecosystems,
    )
    findings = examine(patient)
    if json:
        as_json({"state": worst(findings), "findings": [asdict(f) for f in findings]})
    else:
        width = max(len(finding.name) for finding in findings) + 2
        for finding in findings:
            marked(finding.state, finding.name, finding.text, finding.fix, width=width)
    raise typer.Exit(1 if worst(findings) == "fail" else 0)
