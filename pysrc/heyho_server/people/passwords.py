"""Passwords: hashed slowly, beside the event loop, and a few at once."""

from __future__ import annotations

import asyncio
import secrets
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_PASSWORD = 12
MAX_PASSWORD = 1024
AT_ONCE = 2


def check_password(password: str) -> str:
    """The password, if it can be one.

    Raises:
        ValueError: a sentence.
    """
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise ValueError(f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.")
    try:
        password.encode()
    except UnicodeEncodeError as problem:
        raise ValueError("The password holds half a character; type it again.") from problem
    return password


class Passwords:
    """Hashes and checks passwords with argon2id.

    The usual cost is that of RFC 9106 for machines with little memory, in one thread: 64 MiB for
    each at work, and about a tenth of a second.

    Args:
        time_cost: passes over the memory.
        memory_kib: how much memory one takes.
        at_once: how many are at work at most; the others wait.
    """

    def __init__(
        self, *, time_cost: int = 3, memory_kib: int = 65_536, at_once: int = AT_ONCE
    ) -> None:
        self._hasher = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=1)
        self._turns = asyncio.Semaphore(at_once)
        self._nobodys = _hash_of_nothing(time_cost, memory_kib)

    async def hash(self, password: str) -> str:
        """What is stored of a password."""
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether a password is the stored one; takes as long where none is stored."""
        async with self._turns:
            return await asyncio.to_thread(self._matches, stored or self._nobodys, password)

    def is_outdated(self, stored: str) -> bool:
        """Whether what is stored was hashed at another cost than is usual now."""
        return self._hasher.check_needs_rehash(stored)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False


def _hash_of_nothing(time_cost: int, memory_kib: int) -> str:
    """A hash that no password is known to have, made without the work."""
    salt, value = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={memory_kib},t={time_cost},p=1${salt}${value}"
