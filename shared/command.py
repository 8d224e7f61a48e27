"""The three route classes: a command changes something, a query reads, a calculation computes. The edge owns the transaction."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from time import perf_counter
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Header, Request, Response, Security
from fastapi.datastructures import DefaultPlaceholder
from fastapi.params import Form
from fastapi.routing import APIRoute, serialize_response
from fastapi.security import HTTPBearer
from pydantic import BaseModel, Field
from starlette.types import Receive, Scope, Send

from shared import idempotency, points, policy, rights, telemetry, web
from shared.database import Database, Tx
from shared.delivery import outbox
from shared.delivery.outbox import Kept
from shared.errors import NotFound, NotYetKnown
from shared.identity import Caller, Identity

COMMAND_SECONDS = 5.0
CALCULATION_LIMIT = 1024 * 1024
EVENTS_HEADER = "Throughcare-Events"

Handle = Callable[[Request], Coroutine[Any, Any, Response]]


class Done(BaseModel):
    """All that a command answers: what it touched and how that stands; kept verbatim for the same key."""

    id: UUID
    status: str = Field(examples=["started"])
    ids: list[UUID] | None = Field(default=None, description="What else it touched, where the route says so.")


async def _tx(request: Request) -> Tx:
    tx: Tx = request.state.tx
    return tx


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


async def _key(
    key: Annotated[
        str, Header(alias="Idempotency-Key", min_length=8, max_length=128, pattern=r"^[ -~]+$", examples=["5d2f7e0c-complete-1"])
    ],
) -> None:
    """Declares the header; the route class has checked it before."""


GIVEN: dict[Callable[..., Any] | None, str] = {_tx: "tx", _caller: "caller"}
"""What an endpoint may ask for, and where the route class has put it."""
STACKS = ("fastapi_middleware_astack", "fastapi_inner_astack", "fastapi_function_astack")
NOT_PLAIN = (
    *("query_params", "header_params", "cookie_params"),
    *(f"{name}_param_name" for name in ("request", "response", "http_connection", "background_tasks", "security_scopes")),
)
CurrentTx = Annotated[Tx, Depends(_tx)]
CurrentCaller = Annotated[Caller, Depends(_caller)]
BEARER = Security(HTTPBearer(auto_error=False, bearerFormat="JWT"))


class Prepared:
    """How a plain endpoint is called, worked out once: FastAPI would do it again for every request. Checks with FastAPI's own fields."""

    def __init__(self, route: APIRoute) -> None:
        dependant = route.dependant
        self.path, self.body = dependant.path_params, dependant.body_params
        self.state = [(part.name, GIVEN[part.call]) for part in dependant.dependencies if part.name and part.call]

    def arguments(self, request: Request) -> dict[str, Any] | None:
        """None for a request that FastAPI has to look at: something does not fit, or is not plain JSON."""
        values = {name: getattr(request.state, given) for name, given in self.state}
        for field in self.path:
            values[field.name], errors = field.validate(request.path_params[field.alias], loc=("path", field.alias))
            if errors:
                return None
        for field in self.body:
            body = _loaded(request)
            values[field.name], errors = field.validate(body, loc=("body",))
            if errors or body is None:
                return None
        return values


def _loaded(request: Request) -> Any:
    if request.headers.get("content-type") != "application/json":
        return None
    try:
        return json.loads(request._body)
    except (ValueError, RecursionError):
        return None


def _is_plain(route: APIRoute) -> bool:
    """Whether the endpoint takes parameters of the path, one JSON body, a transaction and a caller, and answers one model."""
    dependant = route.dependant
    return (
        all(part.call in GIVEN for part in dependant.dependencies if part.name)
        and not any(getattr(dependant, name) for name in NOT_PLAIN)
        and len(dependant.body_params) <= 1
        and not route._embed_body_fields
        and not (route.body_field and isinstance(route.body_field.field_info, Form))
        and route.response_field is not None
        and isinstance(route.response_class, DefaultPlaceholder)
    )


class Guarded(APIRoute):
    """A route that names its policy; identity and policy are checked before anything else happens."""

    body_limit = web.BODY_LIMIT

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.policy = policy.policy_of(endpoint)
        super().__init__(path, endpoint, **options)
        self.prepared = Prepared(self) if _is_plain(self) else None

    def get_route_handler(self) -> Handle:
        self._by_fastapi = handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            return await self.guarded(request, handle)

        return guarded

    async def guarded(self, request: Request, handle: Handle) -> Response:
        began = perf_counter()
        with telemetry.span(f"{request.method} {self.path}", request.headers.get("traceparent")):
            identity: Identity = request.app.state.identity
            request.state.caller = policy.at_own_level(await identity.of(request.headers.get("authorization")))
            try:
                policy.check(self.policy, request.state.caller)
                answer = await self.answer(request, handle)
            except (policy.Forbidden, NotFound) as refused:
                action = f"refused-{404 if isinstance(refused, NotFound) else 403}-{self.name}"
                named = request.path_params.values(), getattr(request.state, "sent", b"")
                await rights.note_refusal(request.app.state.database, request.state.caller, action, *named)
                raise
        telemetry.COMMANDS.labels(self.path, answer.status_code).observe(perf_counter() - began)
        return answer

    async def direct(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request for this route without FastAPI's search for it and layers around it. Source: ADR 20."""
        request = Request(scope, receive, send)
        try:
            answer = await self.guarded(request, self._call)
        except web.ANSWERED as error:
            answer = web.answer_to(error)
        await answer(scope, receive, send)

    async def _call(self, request: Request) -> Response:
        """The endpoint, called as prepared; FastAPI itself does it for what is not plain or does not fit, and says why."""
        arguments = self.prepared.arguments(request) if self.prepared else None
        if arguments is None:
            async with AsyncExitStack() as stack:
                request.scope.update(dict.fromkeys(STACKS, stack))
                return await self._by_fastapi(request)
        result = await self.endpoint(**arguments)
        if isinstance(result, Response):
            return result
        content = await serialize_response(
            field=self.response_field, response_content=result, exclude_none=self.response_model_exclude_none, dump_json=True
        )
        return Response(content, self.status_code or 200, media_type="application/json")

    async def answer(self, request: Request, handle: Handle) -> Response:
        """What this kind of route does around its endpoint."""
        raise NotImplementedError


class Command(Guarded):
    """Opens the transaction, runs the endpoint, renders, writes, commits, and only then answers.

    Anything but 2xx rolls everything back; an answer that cannot be rendered leaves nothing; a commit that fails answers 5xx.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **{**options, "response_model_exclude_none": True})

    async def answer(self, request: Request, handle: Handle) -> Response:
        key = idempotency.key_of(request.headers.get("idempotency-key"))
        request.state.sent = body = await web.bounded_body(request, self.body_limit)
        request_hash = idempotency.hash_of(request.method, request.scope["path"], body)
        database: Database = request.app.state.database
        caller: Caller = request.state.caller
        try:
            async with asyncio.timeout(COMMAND_SECONDS), database.transaction(caller, idempotency.opening(caller, key)) as tx:
                tx.defers, tx.traceparent = True, telemetry.traceparent()
                if found := await idempotency.claim(tx, caller, key, request_hash):
                    await rights.must_last(tx, request.app.state.relates, *found)
                    return _again(*found)
                request.state.tx = tx
                answer = await handle(request)
                events = await outbox.write(tx, self._kept(tx, key, request_hash, answer))
        except NotYetKnown as missing:
            raise await idempotency.early(database, caller, request_hash, missing) from None
        points.reach("after-commit")
        request.app.state.wake()
        if events and not tx.ended_right:  # the places name the person, of whom the sender has just lost sight
            answer.headers[EVENTS_HEADER] = events
        return answer

    def _kept(self, tx: Tx, key: str, request_hash: bytes, answer: Response) -> Kept:
        if not 200 <= answer.status_code < 300:
            raise TypeError(f"{self.name}: a command that refuses raises")
        body = bytes(answer.body).decode()
        done = orjson.loads(body)
        if set(done) - {"id", "status", "ids"}:
            raise TypeError(f"{self.name}: a command answers id, status and ids only")
        tx.audit(self.name, UUID(done["id"]))
        said = answer.status_code, answer.headers.get("location"), body
        return Kept(
            idempotency.principal_of(tx.caller), key, request_hash, *said, ended_right=tx.ended_right, about=tuple(sorted(tx.about))
        )


def _again(kept: Kept, events: str | None) -> Response:
    headers = {"Location": kept.location, EVENTS_HEADER: None if kept.ended_right else events, "Idempotency-Replayed": "true"}
    return Response(kept.answer, kept.status, {name: value for name, value in headers.items() if value}, "application/json")


class Query(Guarded):
    """Reads in a transaction; a read of a person writes its audit and disclosure rows in it."""

    async def answer(self, request: Request, handle: Handle) -> Response:
        await web.bounded_body(request, self.body_limit)
        database: Database = request.app.state.database
        async with asyncio.timeout(COMMAND_SECONDS), database.transaction(request.state.caller) as tx:
            request.state.tx = tx
            answer = await handle(request)
            await outbox.write(tx)
        return answer


class Calculation(Guarded):
    """Computes from its body alone: no key, no transaction."""

    body_limit = CALCULATION_LIMIT

    async def answer(self, request: Request, handle: Handle) -> Response:
        await web.bounded_body(request, self.body_limit)
        return await handle(request)


def commands(tag: str) -> APIRouter:
    """A router of commands; each declares the key and the bearer token in the OpenAPI document."""
    return APIRouter(route_class=Command, tags=[tag], dependencies=[BEARER, Depends(_key)])


def queries(tag: str) -> APIRouter:
    return APIRouter(route_class=Query, tags=[tag], dependencies=[BEARER])


def calculations(tag: str) -> APIRouter:
    return APIRouter(route_class=Calculation, tags=[tag], dependencies=[BEARER])
