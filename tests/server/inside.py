"""The whole application without a process around it: cheap passwords, and a clock to set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

import httpx

from heyho_server.api.services import Services
from heyho_server.app import create_app
from heyho_server.limits.limiter import Limiter
from heyho_server.limits.rates import Rates
from heyho_server.limits.windows import Windows
from heyho_server.people.passwords import Passwords
from heyho_server.settings import Limits, read_database_url
from heyho_server.storage.accounts import create_account
from heyho_server.storage.database import Database, open_database
from heyho_server.storage.devices import create_device, new_token
from heyho_server.storage.intake.opening import open_intake

UNLIMITED = Rates(general=None, sync_address=None, sync_user=None, login=None, pair=None)
PASSWORD = "correct horse battery"
NOW = 1_700_000_000_000
Headers = dict[str, str]


@dataclass
class Inside:
    """An application on a database of its own.

    Attributes:
        now_ms: what its clock shows.
    """

    client: httpx.AsyncClient
    database: Database
    passwords: Passwords
    now_ms: int = NOW
    _names: int = field(default=0)

    async def add(
        self, email: str | None = None, password: str = PASSWORD, *, administrator: bool = False
    ) -> Headers:
        """Make a user with a device, and give the headers that sign the device's requests."""
        hashed = await self.passwords.hash(password)
        token = new_token()
        async with self.database.write() as connection:
            account = await create_account(
                connection,
                email=email,
                password_hash=hashed,
                first_name="Ada",
                last_name="Lovelace",
                administrator=administrator,
                now_ms=self.now_ms,
            )
            await create_device(
                connection, user_id=account.id, name="device", token=token, now_ms=self.now_ms
            )
        return bearer(token)

    async def post(
        self, path: str, body: Any = None, headers: Headers | None = None
    ) -> httpx.Response:
        return await self.client.post(path, json=body, headers=headers)

    async def get(self, path: str, headers: Headers | None = None) -> httpx.Response:
        return await self.client.get(path, headers=headers)

    async def delete(self, path: str, headers: Headers | None = None) -> httpx.Response:
        return await self.client.delete(path, headers=headers)

    async def login(self, email: str, password: str = PASSWORD) -> httpx.Response:
        return await self.post("/auth/login", {"email": email, "password": password})


def bearer(token: str) -> Headers:
    return {"authorization": f"Bearer {token}"}


@asynccontextmanager
async def application(
    data: Path, *, rates: Rates = UNLIMITED, registration_open: bool = False
) -> AsyncIterator[Inside]:
    """The application, ready to be asked."""
    passwords = Passwords(time_cost=1, memory_kib=8)
    async with (
        open_database(read_database_url(None, data)) as database,
        open_intake(database) as intake,
    ):
        house: Inside
        services = Services(
            database=database,
            intake=intake,
            limits=Limits(),
            limiter=Limiter(rates, Windows()),
            passwords=passwords,
            registration_open=registration_open,
            now_ms=lambda: house.now_ms,
        )
        transport = httpx.ASGITransport(app=create_app(services), client=("192.0.2.7", 1))
        base = "http://heyho.test/api/v1"
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            house = Inside(client, database, passwords)
            yield house


Test = Callable[[Inside], Coroutine[Any, Any, None]]


def inside(**options: Any) -> Callable[[Test], Callable[[Path], None]]:
    """Make an async test, which is given an application with these options, one for pytest."""

    def decorate(test: Test) -> Callable[[Path], None]:
        async def run(data: Path) -> None:
            async with application(data, **options) as house:
                await test(house)

        @wraps(test)
        def call(tmp_path: Path) -> None:
            asyncio.run(run(tmp_path))

        del call.__wrapped__  # pytest would ask for its parameter
        return call

    return decorate


async def gather(*work: Awaitable[httpx.Response]) -> list[httpx.Response]:
    return list(await asyncio.gather(*work))
