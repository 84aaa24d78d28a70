"""Trials: syncs that are carried out like any other, and of which nothing is kept."""

from __future__ import annotations

from typing import Annotated

from litestar.params import HeaderParameter

from heyho.wire import TRIAL_HEADER
from heyho_server.api.asgi import Scope
from heyho_server.errors import BadTrial

_RAW = TRIAL_HEADER.lower().encode()

Trial = Annotated[
    str | None,
    HeaderParameter(
        name=TRIAL_HEADER,
        description="1: check and answer this batch like any other, and keep nothing of it.",
        schema_extra={"enum": ["1"]},
    ),
]


def read_trial(value: str | None) -> bool:
    """Whether a sync is a trial. What means neither is refused: storing it could be wrong."""
    if value is None:
        return False
    if value.strip() != "1":
        raise BadTrial(f"{TRIAL_HEADER} must be 1, or left out.")
    return True


def is_marked(scope: Scope) -> bool:
    """Whether a request says of itself that it is a trial; for logs."""
    return any(name == _RAW for name, _ in scope["headers"])
