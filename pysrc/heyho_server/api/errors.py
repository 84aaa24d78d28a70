"""Errors as JSON: {success: false, message, error_code}."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Response
from litestar.exceptions import HTTPException

from heyho_server.api.asgi import Send
from heyho_server.api.services import AnyRequest
from heyho_server.errors import RequestError

log = structlog.get_logger()

MESSAGES = {
    HTTPStatus.NOT_FOUND: "There is nothing at this address; check its path.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take this method.",
}


def error_body(message: str, error_code: str) -> dict[str, Any]:
    return {"success": False, "message": message, "error_code": error_code}


def request_error_body(problem: RequestError) -> dict[str, Any]:
    return {**error_body(str(problem), problem.error_code), **problem.details}


async def send_error(send: Send, problem: RequestError) -> None:
    """Answer where the framework is not asked, or has failed."""
    headers = {"content-type": "application/json", **problem.headers}
    await send(
        {
            "type": "http.response.start",
            "status": problem.status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    body = json.dumps(request_error_body(problem)).encode()
    await send({"type": "http.response.body", "body": body, "more_body": False})


def on_request_error(_: AnyRequest, problem: RequestError) -> Response[dict[str, Any]]:
    """The answer to a request that the server refuses on purpose."""
    return Response(
        request_error_body(problem), status_code=problem.status, headers=dict(problem.headers)
    )


def on_http_exception(_: AnyRequest, problem: HTTPException) -> Response[dict[str, Any]]:
    """The answer where the framework refuses: no such path, no such method."""
    status = HTTPStatus(problem.status_code)
    message = MESSAGES.get(status, f"{status.phrase}.")
    return _answer(problem.status_code, message, status.name, problem.headers or {})


def on_exception(request: AnyRequest, problem: Exception) -> Response[dict[str, Any]]:
    """The answer to a fault of the server's own, which is logged."""
    log.error("request failed", exc_info=problem)
    message = (
        "Data sync failed"
        if request.url.path.endswith("/data/sync")
        else "The server failed to answer; its log says why."
    )
    return _answer(500, message, "INTERNAL_SERVER_ERROR", {})


def _answer(
    status: int, message: str, error_code: str, headers: Mapping[str, str]
) -> Response[dict[str, Any]]:
    return Response(error_body(message, error_code), status_code=status, headers=dict(headers))
