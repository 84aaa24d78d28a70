"""What every implementation of the transport port must do.

Plain coroutines that assert, as those of the stores. The server of each world answers by path:
`/echo` tells what it got, `/fails` answers 500 with Retry-After, `/silent` never answers,
`/dead` belongs to nobody.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from heyho.errors import TimedOut, Unreachable
from heyho.ports.network import Reply, Transport
from heyho.ports.stores import Payload

TOKEN = "a-token"
PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Network:
    """A transport, the server at its other end, and bodies that it can carry."""

    transport: Transport
    url: Callable[[str], str]
    payload: Callable[[str], Payload]

    async def post(self, path: str, *, timeout_s: float = PATIENCE_S, trial: bool = False) -> Reply:
        """Send a small body."""
        payload = self.payload(json.dumps({"pageVisits": ["ü🙂"]}))
        return await self.transport.post(
            self.url(path), payload, token=TOKEN, timeout_s=timeout_s, trial=trial
        )


Contract = Callable[[Network], Awaitable[None]]


async def carries_the_body_and_the_token(network: Network) -> None:
    """The server gets the gzipped JSON body, and the token as a bearer."""
    reply = await network.post("/echo")
    assert reply.status == 200
    assert json.loads(reply.text) == {
        "method": "POST",
        "token": TOKEN,
        "body": {"pageVisits": ["ü🙂"]},
        "trial": False,
    }


async def marks_a_trial(network: Network) -> None:
    """The server is told which request is a trial, and no other one is."""
    reply = await network.post("/echo", trial=True)
    assert json.loads(reply.text)["trial"] is True
    assert json.loads((await network.post("/echo")).text)["trial"] is False


async def gets_without_a_token(network: Network) -> None:
    """A GET has no body, and no token where none is given."""
    reply = await network.transport.get(network.url("/echo"), token=None, timeout_s=PATIENCE_S)
    assert json.loads(reply.text) == {
        "method": "GET",
        "token": None,
        "body": None,
        "trial": False,
    }


async def an_error_status_is_a_reply(network: Network) -> None:
    """What a server answers is never an exception; header names are in lower case."""
    reply = await network.post("/fails")
    assert reply.status == 500
    assert reply.headers["retry-after"] == "7"
    assert json.loads(reply.text) == {"message": "ü"}


async def silence_times_out(network: Network) -> None:
    """No answer within the time is TimedOut."""
    try:
        await network.post("/silent", timeout_s=0.3)
    except TimedOut as error:
        assert error.sentence.endswith(".")
    else:
        raise AssertionError("silence was an answer")


async def nobody_there_is_unreachable(network: Network) -> None:
    """A refused connection is Unreachable, with a sentence."""
    try:
        await network.post("/dead")
    except Unreachable as error:
        assert error.sentence.endswith(".")
    else:
        raise AssertionError("nobody answered")


async def cancelling_ends_the_request(network: Network) -> None:
    """A cancelled request raises CancelledError at once, and the transport works on."""
    request = asyncio.ensure_future(network.post("/silent"))
    await asyncio.sleep(0.1)
    request.cancel()
    try:
        await request
    except asyncio.CancelledError:
        pass
    else:
        raise AssertionError("the cancellation was swallowed")
    assert (await network.post("/echo")).status == 200


CONTRACTS: tuple[Contract, ...] = (
    carries_the_body_and_the_token,
    marks_a_trial,
    gets_without_a_token,
    an_error_status_is_a_reply,
    silence_times_out,
    nobody_there_is_unreachable,
    cancelling_ends_the_request,
)
