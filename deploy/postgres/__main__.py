"""`python -m deploy.postgres`: provisions the server at POSTGRES_URL, for compose. Passwords come from the environment or SECRETS_DIR."""

import asyncio

import typer

from deploy.postgres.logins import LOGINS
from deploy.postgres.provision import provision
from deploy.postgres.settings import ProvisionSettings


def main() -> None:
    settings = ProvisionSettings.model_validate({})
    asyncio.run(provision(settings.postgres_url.get_secret_value(), settings.passwords()))
    typer.echo(f"{len(LOGINS)} logins ready")


if __name__ == "__main__":
    main()
