"""`python3 -m deploy.secrets [FOLDER]`: makes the secret files that docker-compose.yml names, with new passwords. Never overwrites one."""

import secrets
import sys
from pathlib import Path

from deploy.postgres.logins import PARTS, SERVICES, address, addresses, new_passwords

HOST = "postgres:5432"


def files() -> dict[str, str]:
    """Content by file name: the superuser's, each login's password, and the addresses that services are given."""
    superuser, passwords = secrets.token_urlsafe(24), new_passwords()
    urls = addresses(f"postgresql://{HOST}/postgres", passwords)
    return {
        "postgres_password": superuser,
        "postgres_url": address(f"postgresql://{HOST}/postgres", "postgres", "postgres", superuser),
        **{f"{login}_password": password for login, password in passwords.items()},
        **{f"{service}_{part}_database_url": urls[service][part] for service in SERVICES for part in PARTS},
    }


def main(folder: Path) -> None:
    # The folder keeps strangers out; the files themselves are read by containers under other ids.
    folder.mkdir(mode=0o700, parents=True)
    for name, content in files().items():
        (folder / name).write_text(content)
        (folder / name).chmod(0o444)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "var/secrets"))
