"""Pairing: a code that is typed in a new device becomes a token there."""

from __future__ import annotations

from typing import Annotated, cast

import msgspec
from litestar import post
from litestar.di import NamedDependency
from msgspec import Meta

from heyho_server.api.asgi import Scope
from heyho_server.api.documented import TOKEN, answers, refusals, takes
from heyho_server.api.limiting import address_of, count
from heyho_server.api.reading import read_as
from heyho_server.api.services import AnyRequest, Services
from heyho_server.api.signing import EXAMPLE_TOKEN, agent_of
from heyho_server.errors import WrongCode
from heyho_server.storage.devices import MAX_DEVICE_NAME, Caller
from heyho_server.storage.pairing import CODE_S, create_code, pair, read_code, show_code


class Pairing(msgspec.Struct, rename="camel"):
    """What a device is paired by, and what it is to be called."""

    code: Annotated[str, Meta(max_length=100)]
    device_name: Annotated[str, Meta(max_length=MAX_DEVICE_NAME)] | None = None


class Paired(msgspec.Struct, rename="camel"):
    """The token of the new device, which is told only this once."""

    token: str
    device_name: str


class PairingCode(msgspec.Struct, rename="camel"):
    """A code that works once, for `expiresIn` seconds."""

    code: str
    expires_in: int


@post(
    "/pair",
    request_max_body_size=None,
    status_code=200,
    tags=["Devices"],
    summary="Pair a device by a code",
    opt=takes(Pairing, pair={"code": "K7WM-3XQD", "deviceName": "Laptop"}),
    responses=answers(Paired, Paired(EXAMPLE_TOKEN, "Laptop"), "Paired")
    | refusals(400, 408, 413, 415),
)
async def pair_device(request: AnyRequest, services: NamedDependency[Services]) -> Paired:
    """Use a code up for a device's token; needs none. Attempts are limited by address."""
    scope, limiter = cast(Scope, request.scope), services.limiter
    await count(scope, limiter, limiter.rates.pair, address_of(scope))
    given = await read_as(request, services, Pairing)
    name = (given.device_name or "").strip() or agent_of(request)
    code, now_ms = read_code(given.code), services.now_ms()
    async with services.database.write() as connection:
        paired = await pair(connection, code, name=name, now_ms=now_ms)
    if paired is None:
        raise WrongCode
    return Paired(paired.token, paired.name)


@post(
    "/pair/codes",
    status_code=200,
    tags=["Devices"],
    summary="Make a pairing code",
    security=TOKEN,
    responses=answers(PairingCode, PairingCode("K7WM-3XQD", CODE_S), "Made") | refusals(401),
)
async def post_code(
    services: NamedDependency[Services], caller: NamedDependency[Caller]
) -> PairingCode:
    """A code by which another device becomes one of the caller's, once within ten minutes."""
    async with services.database.write() as connection:
        code = await create_code(
            connection,
            user_id=caller.user_id,
            device_id=caller.device_id,
            now_ms=services.now_ms(),
        )
    return PairingCode(show_code(code), CODE_S)


PAIRING = [pair_device, post_code]
