"""`python -m deploy.postgres [provision | backup SERVICE FILE | restore SERVICE FILE]` on the server at POSTGRES_URL, as its superuser.

Without a command it provisions, for compose. Values come from the environment or SECRETS_DIR.
"""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from deploy.postgres import backup as backups
from deploy.postgres.logins import LOGINS, SERVICES
from deploy.postgres.provision import provision as make_logins
from deploy.postgres.settings import ProvisionSettings, ServerSettings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def _known(service: str) -> str:
    if service not in SERVICES:
        raise typer.BadParameter(f"one of {', '.join(SERVICES)}")
    return service


Service = Annotated[str, typer.Argument(callback=_known)]


@app.callback(invoke_without_command=True)
def main(context: typer.Context) -> None:
    """Databases and logins, and one service's backup."""
    if context.invoked_subcommand is None:
        provision()


@app.command()
def provision() -> None:
    """Make the four databases and their logins, or bring them up to date."""
    settings = ProvisionSettings.model_validate({})
    asyncio.run(make_logins(settings.postgres_url.get_secret_value(), settings.passwords()))
    typer.echo(f"{len(LOGINS)} logins ready")


@app.command()
def backup(service: Service, file: Path) -> None:
    """Write one service's database to FILE while it runs. Whoever reads FILE reads persons: keep it as the database is kept."""
    typer.echo(f"writing {service} as it stands now to {file}; the service runs on")
    try:
        backups.backup(_server(), service, file)
    except backups.NotDone as failed:
        _fail(failed)
    typer.echo(f"{file}: {file.stat().st_size} bytes")


@app.command()
def restore(service: Service, file: Path) -> None:
    """Put FILE in the place of one service's database, while the service is stopped; the old one is kept under another name."""
    typer.echo(f"putting {file} in the place of {service}; refused while the service is connected")
    try:
        old = asyncio.run(backups.restore(_server(), service, file))
    except backups.NotDone as failed:
        _fail(failed)
    typer.echo(f"{service} is as {file} has it; what it was until now is the database {old}")


def _server() -> str:
    return ServerSettings.model_validate({}).postgres_url.get_secret_value()


def _fail(failed: backups.NotDone) -> None:
    typer.echo(f"not done: {failed}", err=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
