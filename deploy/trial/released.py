"""The released figures, asked of monitoring's API as an analyst: what may leave, small cells withheld. The exact ones: surroundings.py."""

from typing import Any

from deploy.trial.client import Principal, Sender

ANALYST = Principal("analyst")
PATHS = {
    "handovers": "/handovers?from_stage=1",
    "referral_funnel": "/referral-funnel",
    "relapses": "/relapses",
    "interaction": "/interaction",
}


async def released_figures(sender: Sender) -> dict[str, Any]:
    """Every table of the newest release that the demo prints, as the API answers it."""
    return {name: await sender.get("monitoring", path, ANALYST) for name, path in PATHS.items()}


def items(answer: Any) -> list[dict[str, Any]]:
    """The rows of a page or of a bare list."""
    rows: list[Any] = (answer.get("items") or []) if isinstance(answer, dict) else answer
    return [row for row in rows if isinstance(row, dict)]


def find(rows: list[dict[str, Any]], **wanted: object) -> dict[str, Any]:
    """The first row with these values; empty where there is none."""
    return next((row for row in rows if all(row.get(name) == value for name, value in wanted.items())), {})


def value(row: dict[str, Any], name: str) -> str:
    """A cell as a person reads it; a null stands for a withheld number, and a missing one for none."""
    found: Any = row
    for part in name.split("."):
        found = found.get(part, "-") if isinstance(found, dict) else found
    if isinstance(found, dict):
        found = None if found.get("withheld") else found.get("numerator", found.get("value"))
    return "withheld" if found is None else ", ".join(map(_text, found)) if isinstance(found, list) else _text(found)


def _text(found: object) -> str:
    return f"{found:g}" if isinstance(found, float) else str(found)
