"""Who may log in where: the names of databases and logins, and their addresses. Nothing here connects."""

import secrets
from collections.abc import Mapping
from urllib.parse import quote, urlsplit, urlunsplit

SERVICES = ("referral", "programme", "family", "monitoring")
PARTS = ("owner", "api", "worker")
# Migrations grant to these groups, so that they never name a login.
GROUPS = {"api": "throughcare_api", "worker": "throughcare_worker"}
LOGINS = tuple(f"{service}_{part}" for service in SERVICES for part in PARTS)


def new_passwords() -> dict[str, str]:
    """A random password for every login."""
    return {login: secrets.token_urlsafe(24) for login in LOGINS}


def address(url: str, database: str, login: str = "", password: str = "") -> str:
    """`url` with another database and, if given, another login."""
    found = urlsplit(url)
    where = found.netloc.rpartition("@")[2]
    who = f"{quote(login, safe='')}:{quote(password, safe='')}" if login else found.netloc.rpartition("@")[0]
    return urlunsplit((found.scheme, f"{who}@{where}" if who else where, f"/{database}", found.query, ""))


def addresses(url: str, passwords: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """For each service the addresses of its owner, api and worker."""
    return {
        service: {part: address(url, service, f"{service}_{part}", passwords[f"{service}_{part}"]) for part in PARTS}
        for service in SERVICES
    }
