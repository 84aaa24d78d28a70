"""The caller's devices and sessions."""

from __future__ import annotations

import msgspec
from litestar import delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from heyho_server.api.documented import TOKEN, answers, refusals
from heyho_server.api.services import Services
from heyho_server.errors import NotFound
from heyho_server.storage.devices import Caller, Device, list_devices, revoke_device

MAX_KEY = 2**31 - 1  # of what databases count by


class DeviceItem(msgspec.Struct, rename="camel"):
    """A device or a session; `current` is the one that asks. Times are epoch milliseconds."""

    id: int
    name: str
    kind: str
    created_at: int
    last_seen_at: int | None
    revoked: bool
    current: bool


class DeviceList(msgspec.Struct):
    """The caller's devices, the oldest first."""

    devices: list[DeviceItem]


class Removed(msgspec.Struct):
    """What is gone: a device whose tokens open nothing any more, or a user."""

    success: bool
    id: int


EXAMPLE = DeviceItem(1, "Chrome", "session", 1_767_261_600_000, 1_767_348_000_000, False, True)


@get(
    "/devices",
    tags=["Devices"],
    summary="The caller's devices",
    security=TOKEN,
    responses=answers(DeviceList, DeviceList([EXAMPLE])) | refusals(401),
)
async def get_devices(
    services: NamedDependency[Services], caller: NamedDependency[Caller]
) -> DeviceList:
    """Whoever holds a token of the caller's; sessions that have expired are left out."""
    async with services.database.read() as connection:
        found = await list_devices(connection, user_id=caller.user_id, now_ms=services.now_ms())
    return DeviceList([item_of(device, caller) for device in found])


@delete(
    "/devices/{device_id:int}",
    status_code=200,
    tags=["Devices"],
    summary="Revoke a device",
    security=TOKEN,
    responses=answers(Removed, Removed(True, 1), "Revoked") | refusals(400, 401, 404),
)
async def delete_device(
    services: NamedDependency[Services], caller: NamedDependency[Caller], device_id: FromPath[int]
) -> Removed:
    """Let a device's tokens open nothing from now on. What it has synced stays."""
    async with services.database.write() as connection:
        known = 0 < device_id <= MAX_KEY and await revoke_device(
            connection, device_id, user_id=caller.user_id, now_ms=services.now_ms()
        )
    if not known:
        raise NotFound("You have no such device; GET /api/v1/devices lists those you have.")
    return Removed(True, device_id)


def item_of(device: Device, caller: Caller) -> DeviceItem:
    """A device as the caller sees it."""
    return DeviceItem(
        id=device.id,
        name=device.name,
        kind=device.kind,
        created_at=device.created_at,
        last_seen_at=device.last_seen_at,
        revoked=device.revoked,
        current=device.id == caller.device_id,
    )


DEVICES = [get_devices, delete_device]
