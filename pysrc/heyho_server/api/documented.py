"""What a handler tells about itself in the OpenAPI document.

    @get(
        "/things",
        tags=["Things"],
        summary="The caller's things",
        security=TOKEN,
        responses=answers(Things, EXAMPLE) | refusals(401),
    )

Its docstring is the description. 429 and 500, which every call may be answered with, and the
headers that every answer has, are added in `openapi`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example, SecurityRequirement

# For handlers that ask for a caller.
TOKEN: list[SecurityRequirement] = [{"bearer": []}]


class Refusal(msgspec.Struct):
    """Why a request was not answered as it hoped for; the message is a sentence for a person."""

    success: Literal[False]
    message: str
    error_code: str


class Slowdown(Refusal):
    """A refusal that ends by itself, in so many seconds."""

    retry_after: int


@dataclass(frozen=True, slots=True)
class _Told:
    """What a status means, and an example of it."""

    description: str
    error_code: str
    message: str


_TOLD = {
    400: _Told("Not as it has to be", "BAD_BODY", "The body is not valid JSON."),
    401: _Told(
        "No token, or one that is unknown or revoked",
        "UNAUTHORIZED",
        "You need to sign in or sign up before continuing.",
    ),
    403: _Told("Not for this caller", "FORBIDDEN", "This is not for you to do."),
    404: _Told("Not there", "NOT_FOUND", "There is nothing at this address; check its path."),
    405: _Told(
        "Not by this method", "METHOD_NOT_ALLOWED", "This address does not take this method."
    ),
    408: _Told(
        "The body stopped arriving",
        "BODY_TIMEOUT",
        "The body stopped arriving before it was whole.",
    ),
    409: _Told("Not as things are", "CONFLICT", "There is one already."),
    413: _Told(
        "Too many bytes or records",
        "TOO_LARGE",
        "Batch size exceeded. Maximum 1000 records allowed, got 1200",
    ),
    415: _Told(
        "Another Content-Type or Content-Encoding",
        "UNSUPPORTED_MEDIA_TYPE",
        "The body must be JSON: send Content-Type: application/json.",
    ),
    429: _Told(
        "Too many requests: wait as long as Retry-After says",
        "RATE_LIMIT_EXCEEDED",
        "Rate limit exceeded. Please slow down.",
    ),
    500: _Told(
        "A fault of the server, whose log has the request's id",
        "INTERNAL_SERVER_ERROR",
        "The server failed to answer; its log says why.",
    ),
}


def refusals(*statuses: int) -> dict[int, ResponseSpec]:
    """The errors that a handler answers with, for its `responses`."""
    return {status: _refusal(status, _TOLD[status]) for status in statuses}


def answers(
    kind: Any,
    example: Any,
    description: str = "As asked for",
    *,
    status: int = 200,
    media_type: str = "application/json",
) -> dict[int, ResponseSpec]:
    """What a handler answers with when all is well, for its `responses`.

    Args:
        kind: the type of it, usually a msgspec.Struct.
        example: one of them.
    """
    examples = [Example(value=msgspec.to_builtins(example))]
    return {
        status: ResponseSpec(
            kind,
            generate_examples=False,
            description=description,
            media_type=media_type,
            examples=examples,
        )
    }


@dataclass(frozen=True, slots=True)
class Taken:
    """A body that a handler reads by itself."""

    kind: type
    examples: Mapping[str, Any]


def takes(kind: type, **examples: Any) -> dict[str, Any]:
    """The JSON body that a handler reads by itself, for its `opt`.

    Args:
        kind: its msgspec.Struct.
        examples: bodies, by what they show.
    """
    return {"takes": Taken(kind, examples)}


def _refusal(status: int, told: _Told) -> ResponseSpec:
    value = {"success": False, "message": told.message, "error_code": told.error_code}
    if status == 429:
        value["retry_after"] = 1
    return ResponseSpec(
        Slowdown if status == 429 else Refusal,
        generate_examples=False,
        description=told.description,
        examples=[Example(value=value)],
    )
