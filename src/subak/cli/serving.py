"""`subak serve`."""

from __future__ import annotations

import typer

from subak.config import load


def serve(
    config: str = typer.Option("", help="Settings file; without it $SUBAK_CONFIG, else ./subak.toml if there is one."),
    host: str | None = typer.Option(None, help="Address to listen on.", show_default="127.0.0.1"),
    port: int | None = typer.Option(None, help="Port to listen on; 0 picks a free one.", show_default="8765"),
    data: str | None = typer.Option(None, help="The data folder.", show_default="this user's data folder"),
    workers: int | None = typer.Option(None, help="Worker processes.", show_default="1"),
    access_log: bool | None = typer.Option(
        None, "--access-log/--no-access-log", help="One JSON line per request.", show_default="off"
    ),
    tls_cert: str | None = typer.Option(None, help="PEM file of the certificate chain.", show_default=False),
    tls_key: str | None = typer.Option(None, help="PEM file of its private key.", show_default=False),
    public_url: str | None = typer.Option(None, help="Our URL as clients see it.", show_default="from each request"),
    log_level: str | None = typer.Option(None, help="debug, info, warning or error.", show_default="info"),
) -> None:
    """Run the gateway until it is told to stop."""
    found = load(
        config,
        server__host=host,
        server__port=port,
        cache__data=data,
        server__workers=workers,
        server__access_log=access_log,
        server__tls_cert=tls_cert,
        server__tls_key=tls_key,
        server__public_url=public_url,
        server__log_level=log_level,
    )
    from subak import app

    raise typer.Exit(app.serve(found))
