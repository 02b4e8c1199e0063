"""The application: paths, and every error as an `ErrorBody`."""

from __future__ import annotations

from functools import cache

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from studio import __version__
from studio.media.errors import ErrorKind, StoaError
from studio.server import (
    event_socket,
    pages,
    routes_accounts,
    routes_audit,
    routes_chat,
    routes_media,
    routes_owner,
    routes_people,
    routes_schedule,
    routes_session,
)
from studio.server.api import ErrorBody, ErrorCode
from studio.server.errors import Refusal
from studio.server.faults import Faults
from studio.server.guard import Guard, Receive, Scope, Send
from studio.server.house import House
from studio.server.signed_in import HOUSE


def _answer(refusal: Refusal) -> JSONResponse:
    headers = {"Retry-After": str(refusal.retry_after_s)} if refusal.retry_after_s else {}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(refusal.body().model_dump(mode="json"), status_code=refusal.status, headers=headers)


async def _on_stoa_error(_request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, Refusal):
        return _answer(error)
    assert isinstance(error, StoaError)
    status = 500 if error.kind is ErrorKind.INTERNAL else 409
    code = ErrorCode.INTERNAL if error.kind is ErrorKind.INTERNAL else ErrorCode.SHARE_FAILED
    return _answer(Refusal(code, error.message, error.remedy, status=status, kind=error.kind))


async def _on_invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return _answer(Refusal(ErrorCode.BAD_REQUEST, "The body is not JSON.", "Send a JSON object."))
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path")) or "the body"
    reason = str(first["msg"]).removesuffix(".")
    return _answer(Refusal(ErrorCode.BAD_REQUEST, f"{where}: {reason}.", "See /openapi.json for what is expected."))


async def _on_http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _answer(Refusal(ErrorCode.NOT_FOUND, "There is nothing at this path.", "See /openapi.json."))
    if error.status_code == 405:
        return _answer(
            Refusal(ErrorCode.BAD_REQUEST, "This path does not take that method.", "See /openapi.json.", status=405)
        )
    if error.status_code == 400:
        return _answer(Refusal(ErrorCode.BAD_REQUEST, "The body is not JSON in UTF-8.", "Send a JSON object."))
    return _answer(Refusal(ErrorCode.BAD_REQUEST, f"{error.detail}.", status=error.status_code))


async def _on_fault(_request: Request, _error: Exception) -> JSONResponse:
    return _answer(Refusal(ErrorCode.INTERNAL, "The server made a mistake.", "Try again; its log says more."))


@cache
def _paths() -> FastAPI:
    """All paths, which hold nothing of a house: each request brings its own. They take a moment to make."""
    app = FastAPI(
        title="Stoa session server",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        responses={"default": {"model": ErrorBody}},
        redirect_slashes=False,
    )
    people = (routes_accounts, routes_people, routes_owner, routes_audit)
    chosen = (*people, routes_chat, routes_session, routes_schedule, routes_media, pages, event_socket)
    for module in chosen:
        app.include_router(module.router)
    app.add_exception_handler(StoaError, _on_stoa_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, _on_fault)
    return app


def create_app(house: House) -> Guard:
    """The ASGI application of a house. Requests find the house where `signed_in.house_of` looks for it."""
    app = _paths()

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, HOUSE: house}, receive, send)

    return Guard(Faults(served), house)
