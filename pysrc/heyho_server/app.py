"""The application: handlers, what they need, and what surrounds them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import cast

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.types import ControllerRouterHandler
from sqlalchemy import event

from heyho_server.api.accounts import USERS
from heyho_server.api.asgi import App
from heyho_server.api.auth import provide_caller
from heyho_server.api.cors import Cors
from heyho_server.api.deletions import get_deletions, post_deletion, remove_visit
from heyho_server.api.devices import DEVICES
from heyho_server.api.errors import on_exception, on_http_exception, on_request_error
from heyho_server.api.exchange import Exchange
from heyho_server.api.export import get_export
from heyho_server.api.figures import get_figures
from heyho_server.api.info import get_config, get_summary
from heyho_server.api.limiting import Limiting
from heyho_server.api.openapi import API, Document, describe, get_openapi
from heyho_server.api.page import PAGE
from heyho_server.api.pairing import PAIRING
from heyho_server.api.services import Services
from heyho_server.api.signing import SIGNING
from heyho_server.api.sync import sync
from heyho_server.api.syncs import get_syncs
from heyho_server.api.visits import get_visit, get_visits
from heyho_server.api.watching import get_health, get_metrics, get_ready
from heyho_server.errors import RequestError
from heyho_server.limits.addresses import Network

READING = (
    *(get_visits, get_visit, remove_visit, post_deletion, get_deletions),
    *(get_syncs, get_export, get_figures),
)


def router() -> Router:
    """Every path of the API."""
    data = [get_config, get_openapi, get_summary, sync]
    return Router(API, route_handlers=[*data, *READING, *SIGNING, *PAIRING, *DEVICES, *USERS])


def handlers() -> list[ControllerRouterHandler]:
    """Every path there is for programs."""
    return [router(), get_health, get_metrics, get_ready]


def create_app(services: Services, trusted_proxies: Sequence[Network] = ()) -> App:
    """The ASGI application on an open database.

    Args:
        services: what handlers work with.
        trusted_proxies: whose X-Forwarded-For is believed.
    """

    async def provide_services() -> Services:
        return services

    @cache
    def provide_document() -> Document:
        return describe(handlers(), dependencies)

    dependencies = {
        "services": Provide(provide_services),
        "caller": Provide(provide_caller),
        "document": Provide(provide_document, sync_to_thread=True),
    }
    app = Litestar(
        route_handlers=[*handlers(), PAGE],
        dependencies=dependencies,
        exception_handlers={
            RequestError: on_request_error,
            HTTPException: on_http_exception,
            Exception: on_exception,
        },
        openapi_config=None,
        logging_config=None,
    )
    event.listen(
        services.database.engine.sync_engine,
        "handle_error",
        lambda _: services.metrics.database_errors.inc(),
    )
    limited = Limiting(cast(App, app), services.limiter, trusted_proxies)
    routes = {route.path_format for route in app.routes}
    return Cors(Exchange(limited, services.metrics, routes))
