"""Small bodies, read into what they have to be."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import msgspec

from heyho_server.api.services import AnyRequest, Services
from heyho_server.errors import BadBody
from heyho_server.incoming.bodies import pieces_of, read_json

T = TypeVar("T")

MAX_BYTES = 16_384


async def read_as(request: AnyRequest, services: Services, kind: type[T]) -> T:
    """Read the JSON body of a request that brings no visits.

    Raises:
        RequestError: it cannot be read, or is not of this kind.
    """
    limits = replace(services.limits, max_body_bytes=MAX_BYTES)
    body = await read_json(request.headers, pieces_of(request.receive), limits)
    if not body:
        raise BadBody("The body is empty; send a JSON object.")
    if b"\\u0000" in body:
        raise BadBody("The body holds characters that no database can keep.")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as problem:
        raise BadBody(f"The body is not as it has to be: {problem}.") from problem
    except (msgspec.DecodeError, RecursionError) as problem:
        raise BadBody("The body is not valid JSON in UTF-8.") from problem
