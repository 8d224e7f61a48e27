"""`python -m deploy.docs` writes the generated documents under docs/; what they say is decided where the code is."""

from pathlib import Path

from deploy.docs import asyncapi, events, figures, openapi

FOLDER = Path(__file__).parents[2] / "docs"


def documents() -> dict[str, str]:
    """Every generated document by its path below docs/."""
    return {
        "events.md": events.page(),
        "asyncapi.yaml": asyncapi.document(),
        "rights.md": openapi.rights(),
        "figures.md": figures.page(),
        **{f"openapi/{name}.json": text for name, text in openapi.documents().items()},
    }


def main() -> None:
    for name, text in documents().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
