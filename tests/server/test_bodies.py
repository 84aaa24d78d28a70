"""Reading bodies, piece by piece, without a server around it."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heyho_server.errors import BodyTimeout, ClientGone, TooLarge
from heyho_server.incoming.bodies import pieces_of, read_body, read_json
from heyho_server.settings import Limits

SMALL = Limits(max_body_bytes=100)
GZIP = {"content-encoding": "gzip"}


async def arriving(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def read(headers: dict[str, str], pieces: Iterable[bytes], limits: Limits = SMALL) -> bytes:
    return asyncio.run(read_body(headers, arriving(pieces), limits))


def cut(body: bytes, places: Iterable[int]) -> list[bytes]:
    ends = sorted({place % (len(body) + 1) for place in places} | {0, len(body)})
    return [body[start:end] for start, end in pairwise(ends)]


@given(body=st.binary(max_size=100), places=st.lists(st.integers(min_value=0)))
def test_a_body_is_the_same_however_it_is_cut_up(body: bytes, places: list[int]) -> None:
    assert read({}, cut(body, places)) == body
    assert read(GZIP, cut(gzip.compress(body), places)) == body


@pytest.mark.parametrize("headers", [{}, GZIP])
def test_the_limit_itself_is_allowed_and_a_byte_more_is_not(headers: dict[str, str]) -> None:
    def packed(size: int) -> list[bytes]:
        return [gzip.compress(bytes(size)) if headers else bytes(size)]

    assert len(read(headers, packed(100))) == 100
    with pytest.raises(TooLarge):
        read(headers, packed(101))


def test_a_declared_length_beyond_the_limit_is_refused_before_a_byte_is_read() -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    with pytest.raises(TooLarge):
        asyncio.run(read_body({"content-length": "101"}, never(), SMALL))


def test_a_bomb_is_refused_at_the_piece_that_goes_off() -> None:
    bomb = gzip.compress(bytes(1_000_000))
    given_out: list[bytes] = []

    def pieces() -> Iterable[bytes]:
        for place in range(0, len(bomb), 10):
            given_out.append(bomb[place : place + 10])
            yield given_out[-1]

    with pytest.raises(TooLarge):
        read(GZIP, pieces(), Limits(max_body_bytes=10_000))
    assert len(given_out) < 10


def test_a_body_that_stops_arriving_is_not_waited_for_for_ever() -> None:
    async def stalled() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    with pytest.raises(BodyTimeout):
        asyncio.run(read_json({}, stalled(), Limits(body_idle_s=0.001)))


def test_a_client_that_goes_away_ends_the_body() -> None:
    messages: list[dict[str, object]] = [
        {"type": "http.request", "body": b"{", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, object]:
        return messages.pop(0)

    with pytest.raises(ClientGone):
        asyncio.run(read_json({}, pieces_of(receive), SMALL))
