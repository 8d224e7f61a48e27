"""The application around the routes: problem details, admission, body limits, and the field types every model uses. Pages: `paging.py`."""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import date
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi_offline import FastAPIOffline
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.database import TimedOut, Transient, Unique
from shared.errors import Conflict, NotFound, Refused
from shared.idempotency import KeyMissing
from shared.identity import IssuerLost, Unauthenticated
from shared.kafka import KafkaLost
from shared.policy import Forbidden

PROBLEM = "application/problem+json"
TELEMETRY = dict.fromkeys(("tracing", "metrics", "logs", "operation_spans", "auto_configure"), False)
"""FastAPI's own would write queries and exception texts down; `telemetry.py` says what is measured."""
BODY_LIMIT = 256 * 1024
OPEN_PATHS = ("/healthz", "/readyz")
RETRY_AFTER = 1

log = structlog.get_logger("web")


class Body(BaseModel):
    """A request: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _no_control_characters(text: str) -> str:
    if not text.replace("\n", "").isprintable():
        raise ValueError("control characters")
    return text


Text = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(_no_control_characters)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_no_control_characters)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Region = Annotated[
    str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3}(-[A-Z0-9]{1,10})?)?$", max_length=20), Field(examples=["UZ-TK"])
]
MOST_STAGES = 20
"""Stages a pathway may have."""
Stage = Annotated[int, Field(ge=1, le=MOST_STAGES, examples=[2])]
"""The position of a stage in its pathway, in a path or a query; in a body `StrictStage`, which is a number and nothing else."""
StrictStage = Annotated[int, Field(ge=1, le=MOST_STAGES, strict=True, examples=[2])]


def _iso_date(value: object) -> object:
    """Numbers, moments and other spellings would be read as dates too; only YYYY-MM-DD is one."""
    if type(value) is not date and not (isinstance(value, str) and ISO_DATE.fullmatch(value)):
        raise PydanticCustomError("iso_date", "a date as YYYY-MM-DD")
    return value


ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
BusinessDate = Annotated[
    date,
    BeforeValidator(_iso_date, json_schema_input_type=date),
    Field(ge=date(1900, 1, 1), le=date(2200, 12, 31), examples=["2026-03-02"]),
]


class Unmet(BaseModel):
    """Where a request does not fit, and how; never the value."""

    location: str
    type: str


class Problem(BaseModel):
    """RFC 9457 problem details; `type` is stable."""

    type: str = Field(examples=["urn:throughcare:problem:stage-not-completable"])
    title: str = Field(examples=["stage not completable"])
    status: int = Field(examples=[422])
    unmet: list[str] | None = None
    errors: list[Unmet] | None = None


def problem(status: int, code: str, headers: dict[str, str] | None = None, **members: Any) -> Response:
    """A problem answer; `code` becomes the stable type."""
    body = {"type": f"urn:throughcare:problem:{code}", "title": code.replace("-", " "), "status": status, **members}
    return Response(json.dumps(body), status, headers, PROBLEM)


def busy(code: str) -> Response:
    return problem(503, code, {"Retry-After": str(RETRY_AFTER)})


def _refused(error: Refused) -> Response:
    return problem(422, error.code, unmet=list(error.unmet))


def _conflict(error: Conflict) -> Response:
    return problem(409, error.code, {"Retry-After": str(error.retry_after)} if error.retry_after is not None else None)


def _invalid(error: RequestValidationError) -> Response:
    errors = [{"location": _location(e["loc"], e["type"]), "type": e["type"]} for e in error.errors()]
    return problem(422, "validation", errors=errors)


def _location(parts: Sequence[Any], kind: str) -> str:
    """A field's place. An unknown field's own name is the caller's text: only where it stands is said."""
    return ".".join(str(part) for part in (parts[:-1] if kind == "extra_forbidden" else parts))


ANSWERS: dict[type[Exception], Callable[[Any], Response]] = {
    Refused: _refused,
    Conflict: _conflict,
    NotFound: lambda error: problem(404, f"{error.kind}-not-found"),
    Forbidden: lambda error: problem(403, "forbidden"),
    Unauthenticated: lambda error: problem(401, "unauthenticated", {"WWW-Authenticate": "Bearer"}),
    KeyMissing: lambda error: problem(400, "idempotency-key-missing"),
    RequestValidationError: _invalid,
    HTTPException: lambda error: problem(error.status_code, f"http-{error.status_code}", dict(error.headers or {})),
    Unique: lambda error: problem(409, "already-there", {"Retry-After": "1"}),
    Transient: lambda error: busy("database-away"),
    TimedOut: lambda error: busy("took-too-long"),
    TimeoutError: lambda error: busy("took-too-long"),
    IssuerLost: lambda error: busy("issuer-away"),
    KafkaLost: lambda error: busy("broker-away"),
}


ANSWERED = tuple(ANSWERS)


def answer_to(error: Exception) -> Response:
    """The answer to one of ANSWERED; that of its nearest kind."""
    return next(ANSWERS[kind] for kind in type(error).__mro__ if kind in ANSWERS)(error)


def _handler(answer: Callable[[Any], Response]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, error: Exception) -> Response:
        return answer(error)

    return handle


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("unexpected", path=request.scope.get("route_path", request.url.path), error=type(error).__name__)
    return problem(500, "unexpected")


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}, "description": description}
    for status, description in {
        400: "No usable Idempotency-Key or body",
        401: "No acceptable token",
        403: "No role for this",
        404: "Nothing of this kind that you may know of",
        409: "Not now: try again after Retry-After",
        413: "Body too large",
        422: "Refused; `unmet` names every missing requirement, `errors` every field that does not fit",
        503: "Busy or away: try again after Retry-After",
    }.items()
}


def application(title: str, description: str, routers: Sequence[APIRouter], max_requests: int) -> FastAPI:
    """The service's application: its routes, problem answers and admission."""
    app: FastAPI = FastAPIOffline(
        title=f"Throughcare {title}", version="1", description=description, responses=RESPONSES, telemetry=TELEMETRY
    )
    for router in routers:
        app.include_router(router)
    for error, answer in ANSWERS.items():
        app.add_exception_handler(error, _handler(answer))
    app.add_exception_handler(Exception, _unexpected)
    app.add_middleware(Admission, limit=max_requests, ways=Ways(route for router in routers for route in router.routes))
    return app


class Ways:
    """Finds the route of a request as FastAPI does, the first that fits in the order they are listed, without asking each of them."""

    def __init__(self, routes: Iterable[Any]) -> None:
        self._ways: dict[tuple[str, int], list[tuple[list[tuple[int, str]], list[tuple[int, str]], ASGIApp | None]]] = {}
        for route in routes:
            parts = list(enumerate(route.path.split("/")))
            texts = [(place, part) for place, part in parts if not part.startswith("{")]
            names = [(place, part.strip("{}")) for place, part in parts if part.startswith("{")]
            if any(":" in name for _, name in names):
                raise TypeError(f"{route.path}: parameters of a path are plain")
            for method in route.methods:
                self._ways.setdefault((method, len(parts)), []).append((texts, names, getattr(route, "direct", None)))

    def find(self, scope: Scope) -> ASGIApp | None:
        """The route's own way to be called, with the path's parameters put into `scope`; None: FastAPI answers."""
        parts = scope["path"].split("/")
        for texts, names, direct in self._ways.get((scope["method"], len(parts)), ()):
            if all(parts[place] == text for place, text in texts) and all(parts[place] for place, _ in names):
                scope["path_params"] = {name: parts[place] for place, name in names}
                return direct
        return None


class Admission:
    """Lets `limit` requests in at once and answers one more 503 at once; health checks always pass. Bodies are bounded here too."""

    def __init__(self, app: ASGIApp, limit: int, ways: Ways) -> None:
        self.app, self.ways = app, ways
        self.free = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self.app(scope, receive, send)
        elif self.free <= 0:
            await busy("busy")(scope, receive, send)
        else:
            self.free -= 1
            try:
                await (self.ways.find(scope) or self.app)(scope, receive, send)
            finally:
                self.free += 1


class TooLarge(HTTPException):
    """A body over the route's limit."""

    def __init__(self) -> None:
        super().__init__(413)


async def bounded_body(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """The whole body; raises TooLarge (413) as soon as it passes `limit` bytes. The request keeps it for the endpoint."""
    size = 0
    chunks: list[bytes] = []
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise TooLarge
        chunks.append(chunk)
    body = b"".join(chunks)
    request._body = body  # what Request.body() answers from then on
    return body
