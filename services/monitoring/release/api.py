"""Routes of releases, made from the figures: each number with numerator, denominator, definition and as-of. Nothing is computed here.

A null cell is withheld.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, create_model

from services.monitoring.figure.service import Figure, Figures
from services.monitoring.instruction.domain import covers
from services.monitoring.release import service
from services.monitoring.row.domain import BREAKDOWNS
from shared.command import CurrentTx, queries
from shared.database import Tx
from shared.errors import NotFound, Refused
from shared.identity import Caller
from shared.paging import LAST_MOMENT, Moment, Page, Paging, moment, page_of, values_of
from shared.policy import allows, roles
from shared.web import Code, Region, Stage

READERS = roles("analyst", "ministry", "region")
PERIOD = r"^[0-9]{4}-(0[1-9]|1[0-2])$"


class Release(BaseModel):
    """Figures of the months that ended by `closed_until`, that day included; frozen. What it was made under: null where not kept."""

    as_of: datetime
    closed_until: date
    made_at: datetime
    awaiting_revision: list[str] | None = Field(
        examples=[["2026-01"]],
        description="Months that the release before covered and that count otherwise now: what was quoted of them awaits a revision.",
    )
    threshold: int | None = Field(description="The least count that is shown, beside zero.")
    limits: dict[str, Any] | None = Field(description="What its definitions speak of.")


class Definition(BaseModel):
    """What a figure counts, in words."""

    code: str = Field(examples=["handover"])
    text: str


class LongRow(BaseModel):
    """One number. `grain` says which breakdown the row belongs to; rows of two grains are never added together.

    `persons`: which persons it counts, in the same words wherever the same ones are counted.
    """

    figure: str
    pathway: str | None
    subject: dict[str, str] = Field(examples=[{"from_stage": "detoxification", "to_stage": "treatment"}])
    grain: Literal["all", "region", "programme", "period"]
    region: str | None
    programme: str | None
    period: str | None
    measure: str = Field(examples=["lost"])
    value: float | None
    status: Literal["shown", "withheld", "none"]
    numerator: int | None
    denominator: int | None
    persons: str
    definition: str
    as_of: datetime


class Explained(BaseModel):
    as_of: Moment | None = Field(None, description="One of GET /releases; absent: the newest.")


class Sought(Paging):
    """Which release and page. `as_of`: one of GET /releases; absent: the newest. One breakdown at a time: nothing below it is shown."""

    as_of: Moment | None = None
    pathway: Code | None = None


class SoughtLong(Sought):
    grain: Literal["all", "region", "programme", "period"] | None = None
    region: Region | None = None
    measure: str | None = Field(None, max_length=80)


FILTERS: Mapping[str, Any] = {
    "region": Region | None,
    "programme": Code | None,
    "definition": Code | None,
    "period": Annotated[str | None, Field(pattern=PERIOD, examples=["2026-01"])],
}
"""The filters that are not a part of a table's subject; of the others those called stage are positions, the rest codes."""


def router_of(figures: Figures) -> APIRouter:
    """All routes of releases, one of them for each figure."""
    router = queries("releases")
    router.get("/releases")(list_releases)
    router.get("/definitions")(_definitions(figures))
    for figure in figures:
        router.get(figure.path, description=figure.says)(_rows(figure))
    router.get("/figures/{figure}")(_long_rows(figures))
    return router


@allows(READERS)
async def list_releases(tx: CurrentTx, paging: Annotated[Paging, Query()]) -> Page[Release]:
    """All releases, newest first; each stays as it is."""
    before = moment(values_of(paging.cursor, 1)[0]) if paging.cursor else LAST_MOMENT
    found = [Release.model_validate(made._asdict()) for made in await service.list_releases(tx, before, paging.limit)]
    return page_of(found, paging.limit, lambda item: (item.as_of,))


def _definitions(figures: Figures) -> Any:
    @allows(READERS)
    async def list_definitions(tx: CurrentTx, sought: Annotated[Explained, Query()]) -> list[Definition]:
        """What each figure of a release counts, with the limits that were in force; the rows name these codes."""
        texts = await service.definitions_of(tx, figures, sought.as_of)
        return [Definition(code=code, text=text) for code, text in texts.items()]

    return list_definitions


def _rows(figure: Figure) -> Any:
    """The route of a figure, with the filters it names and its own model of a row."""

    async def list_figure(tx: Tx, sought: Any) -> Any:
        kinds = [kind for kind in figure.kinds if kind.asked and getattr(sought, kind.asked)]
        return await _page(tx, kinds[0].spec.name if kinds else figure.tables[0], sought, figure.row)

    list_figure.__name__ = f"list_{figure.path.rpartition('/')[2].replace('-', '_')}"
    model = _model_of(figure)
    list_figure.__annotations__ = {"tx": CurrentTx, "sought": Annotated[model, Query()], "return": Page[figure.row]}  # type: ignore[name-defined]
    return allows(READERS)(list_figure)


def _model_of(figure: Figure) -> type[BaseModel]:
    fields: dict[str, Any] = {name: (_type_of(name), None) for name in figure.filters}
    flags: dict[str, Any] = {kind.asked: (bool, False) for kind in figure.kinds if kind.asked}
    return create_model(f"Sought_{figure.name}", __base__=Sought, **fields, **flags)


def _type_of(name: str) -> Any:
    return FILTERS[name] if name in FILTERS else Stage | None if name.endswith("stage") else Code | None


def _long_rows(figures: Figures) -> Any:
    names = frozenset(figure.name for figure in figures if figure.kinds)

    @allows(READERS)
    async def list_long_rows(
        tx: CurrentTx, figure: Annotated[str, Path(max_length=60)], sought: Annotated[SoughtLong, Query()]
    ) -> Page[LongRow]:
        """The same numbers as the figure's own route, one number a row: for tables and tools. `figure`: its name, such as handover."""
        if figure not in names:
            raise NotFound("figure")
        return await _page(tx, service.long_name(figure), sought, LongRow)

    return list_long_rows


async def _page(tx: Tx, name: str, sought: Sought, model: type[BaseModel]) -> Page[Any]:
    """The wanted rows in the order of the release. A cursor stays with its release, whatever is released meanwhile."""
    asked = sought.model_dump(exclude={"as_of", "cursor", "limit"}, exclude_none=True)
    wanted = {name: value for name, value in asked.items() if not isinstance(value, bool)}
    if sum(breakdown in wanted for breakdown in BREAKDOWNS) > 1:
        raise Refused("below-published-grain")
    pinned, start = _place(sought.cursor) if sought.cursor else (sought.as_of, 0)
    as_of, rows = await service.list_rows(tx, name, pinned)
    seen = [row for row in rows if _may_see(tx.caller, row) and all(row.get(field) == value for field, value in wanted.items())]
    stop = start + sought.limit
    items = [model.model_validate(row) for row in seen[start : stop + 1]]
    return page_of(items, sought.limit, lambda _: (as_of, str(stop)))


def _may_see(caller: Caller, row: dict[str, Any]) -> bool:
    """A region's authority sees the whole country's rows and those of its own regions."""
    region = row.get("region")
    return region is None or caller.has("analyst", "ministry") or covers(caller.regions, region)


def _place(cursor: str) -> tuple[datetime, int]:
    as_of, start = values_of(cursor, 2)
    if not (start.isascii() and start.isdigit() and len(start) < 9):
        raise Refused("bad-cursor")
    return moment(as_of), int(start)
