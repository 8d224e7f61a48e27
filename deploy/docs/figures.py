"""docs/figures.md: every figure of the ministry in words, with its route and which persons each of its numbers counts."""

from services.monitoring.figure.service import Exact, Figure
from services.monitoring.figures import FIGURES
from services.monitoring.release import domain
from services.monitoring.release import service as releases
from services.monitoring.settings import Settings

DEFAULTS = Settings.model_construct()
"""Nothing is read from the environment: the page is the same on every machine."""

OPENING = """# Figures

Written from `services/monitoring/figures.py` by `make docs`; a contract test compares. Each figure is asked for at its own route, with
stages as positions, and at `GET /figures/NAME` in the long form: one number a row, stages as codes, with a column `grain` that keeps
totals and breakdowns apart. What a release was made under stands in `GET /definitions?as_of=`; the texts here have the default settings.
Two pathways never share a row. Numbers that count the same persons say so in the same words.
"""


def page() -> str:
    return OPENING + "".join(_figure(figure) for figure in FIGURES)


def _figure(figure: Figure) -> str:
    terms = releases.terms_of(DEFAULTS, FIGURES, Exact([], []))
    texts = domain.definitions(figure.words, terms)
    words = "".join(f"\n`{code}`: {text}\n" for code, text in texts.items())
    return f"\n## {figure.name}\n\n`GET {figure.path}`. {figure.says}\n{words}{_numbers(figure)}"


def _numbers(figure: Figure) -> str:
    rows = "".join(f"| {kind.spec.name} | {name} | {text} |\n" for kind in figure.kinds for name, text in sorted(kind.spec.persons.items()))
    return f"\n| table | number | counts |\n|---|---|---|\n{rows}" if rows else ""
