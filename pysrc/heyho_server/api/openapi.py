"""The OpenAPI document: what handlers tell, and what is the same for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, NewType

import msgspec
from litestar import Litestar, get
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, License, SecurityScheme
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler

from heyho_server.api.documented import Taken, answers, refusals
from heyho_server.version import VERSION

API = "/api/v1"
Document = NewType("Document", dict[str, Any])

_DESCRIPTION = (
    "Keeps a person's page visits. Bodies are JSON in UTF-8, times are epoch milliseconds. "
    'Errors are {"success": false, "message", "error_code"}. A path that does not exist is '
    "answered with 404, a method that a path does not take with 405."
)
_REQUEST_ID = {"X-Request-Id": ("string", "What the log calls this request.", "9f2c51a0b7d3e846")}
_RATES = {
    "RateLimit-Policy": (
        "string",
        "The rates that such a request meets: q requests within w seconds.",
        '"sync-address";q=10;w=1, "sync-user";q=5;w=1',
    ),
    "RateLimit": (
        "string",
        "How they stand: r are left, in t seconds there will be one more.",
        '"sync-address";r=6;t=1, "sync-user";r=1;t=1',
    ),
    "X-RateLimit-Limit": ("integer", "The quota of the rate with the least left.", 5),
    "X-RateLimit-Remaining": ("integer", "How many of it are left.", 1),
    "X-RateLimit-Reset": ("integer", "When there will be one more, in epoch seconds.", 1795455979),
}
_WAIT = {"Retry-After": ("integer", "How many seconds to wait.", 1)}


@get(
    "/openapi.json",
    tags=["Server"],
    summary="This document",
    responses=answers(dict[str, Any], {"openapi": "3.1.0", "info": {}, "paths": {}}),
)
async def get_openapi(document: NamedDependency[Document]) -> dict[str, Any]:
    """Every call, what it takes and what it answers with, as OpenAPI 3.1; needs no token."""
    return document


def describe(
    handlers: Sequence[ControllerRouterHandler], dependencies: Mapping[str, Provide]
) -> Document:
    """The document of these handlers, with what they depend on."""
    config = OpenAPIConfig(
        title="Heyho",
        version=VERSION,
        description=_DESCRIPTION,
        license=License(name="MIT", identifier="MIT"),
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(
                    type="http", scheme="bearer", description="The token of a device."
                )
            }
        ),
    )
    # An application of their own, because the one that serves them has no pages about itself.
    app = Litestar(
        [*handlers, _every_refusal],
        dependencies=dependencies,
        openapi_config=config,
        logging_config=None,
    )
    document = deepcopy(app.openapi_schema.to_schema())
    common = document["paths"].pop("/")["get"]["responses"]
    components = document["components"]
    headers = {**_REQUEST_ID, **_RATES, **_WAIT}
    components["headers"] = {name: _header(*told) for name, told in headers.items()}
    for path, method, handler in _operations(app):
        operation = document["paths"][path][method]
        taken = handler.opt.get("takes")
        if taken is not None:
            operation["requestBody"] = _body(taken, components)
        _complete(operation, common, counted=path.startswith(f"{API}/"))
    return Document(document)


@get("/", responses=refusals(400, 429, 500))
async def _every_refusal() -> None:
    """Brings the answers into the document that all operations have in common."""


def _operations(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path_format != "/":
            for method, (handler, _) in route.route_handler_map.items():
                if handler.resolve_include_in_schema():
                    yield route.path_format, method.lower(), handler


def _complete(operation: dict[str, Any], common: dict[str, Any], *, counted: bool) -> None:
    """Add what every operation may be answered with, and the headers of its answers."""
    answered = operation["responses"]
    if "status_code" in str(answered.get("400")):  # as the framework says it, not this server
        answered["400"] = deepcopy(common["400"])
    for status in ("429", "500") if counted else ("500",):
        answered.setdefault(status, deepcopy(common[status]))
    for status, answer in answered.items():
        names = {**_REQUEST_ID, **(_RATES if counted else {}), **(_WAIT if status == "429" else {})}
        answer.setdefault("headers", {}).update(
            {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        )


def _body(taken: Taken, components: dict[str, Any]) -> dict[str, Any]:
    (schema,), parts = msgspec.json.schema_components(
        [taken.kind], ref_template="#/components/schemas/{name}"
    )
    components["schemas"].update(_ecma(parts))
    examples = {name: {"value": example} for name, example in taken.examples.items()}
    content = {"application/json": {"schema": schema, "examples": examples}}
    return {"required": True, "content": content}


def _ecma(schema: Any) -> Any:
    """A schema with the ends of its patterns written as JavaScript does."""
    if isinstance(schema, dict):
        return {name: _ecma(value) for name, value in schema.items()}
    if isinstance(schema, list):
        return [_ecma(value) for value in schema]
    if isinstance(schema, str) and schema.startswith(r"\A"):
        return schema.replace(r"\A", "^").replace(r"\Z", "$")
    return schema


def _header(kind: str, description: str, example: object) -> dict[str, Any]:
    return {"schema": {"type": kind}, "description": description, "example": example}
