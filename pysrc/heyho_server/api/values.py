"""Values in addresses: read, and refused with a sentence where they are none."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import QueryParameter

from heyho.wire import MAX_AT_MS, MAX_ID, bare_host
from heyho_server.errors import BadQuery, NotFound
from heyho_server.storage.devices import Caller
from heyho_server.storage.filters import Filter, Place
from heyho_server.words import read_query

MAX_VALUE = 1000
MAX_LIMIT = 1000
MAX_CURSOR = 2000

_NUMBER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
# 2026, 202601, 20260131.
_COMPACT = re.compile(r"[0-9]{4}(?:[0-9]{2}){0,2}", re.ASCII)
_ID = re.compile(rf"[\x21-\x7e]{{1,{MAX_ID}}}")
_UNKEEPABLE = re.compile(r"[\x00\ud800-\udfff]")

_TIME = "epoch milliseconds, or ISO 8601, in which a date has hyphens."

From = Annotated[
    str | None,
    QueryParameter(name="from", description=f"Visits from then on: {_TIME}"),
]
To = Annotated[
    str | None,
    QueryParameter(name="to", description=f"Visits before then: {_TIME}"),
]
Domain = Annotated[
    str | None,
    QueryParameter(name="domain", description="A host, which stands for its subdomains."),
]
Device = Annotated[
    str | None, QueryParameter(name="device", description="A device, by its anonymousClientId.")
]
Category = Annotated[str | None, QueryParameter(name="category", description="A category.")]
Text = Annotated[
    str | None,
    QueryParameter(
        name="q",
        description='Words of title and address: prefixes, "phrases", and -words to leave out.',
    ),
]


def whole(name: str, description: str, most: int) -> QueryParameter:
    """A whole number from 1 to `most`: text for `read_number` and its sentences, and in the
    document a number."""
    schema = {"type": "integer", "one_of": None, "minimum": 1, "maximum": most}
    return QueryParameter(name=name, description=description, schema_extra=schema)


Limit = Annotated[str | None, whole("limit", "How many at most.", MAX_LIMIT)]
Cursor = Annotated[
    str | None, QueryParameter(name="cursor", description="`next` of the page before.")
]


async def provide_filter(
    *,
    caller: NamedDependency[Caller],  # asked first: 401 before 400
    from_: From = None,
    to: To = None,
    domain: Domain = None,
    device: Device = None,
    category: Category = None,
    q: Text = None,
) -> Filter:
    """Which visits are meant, for handlers that name `wanted`; an empty value is none."""
    return Filter(
        from_at=read_time("from", from_),
        to_at=read_time("to", to),
        domain=read_domain(domain),
        device=read_text("device", device),
        category=read_text("category", category),
        query=read_query(q or ""),
    )


def read_time(name: str, value: str | int | None) -> int | None:
    """Epoch milliseconds of a time in either notation; UTC where it has no zone.

    Times before 1970 and after 9999 are cut to those. Text that may be a date without hyphens is
    refused: taken for milliseconds it is a moment in 1970, and all of a history is after that.
    """
    if value is None or value == "":
        return None
    given = str(value).strip()
    if isinstance(value, str) and _COMPACT.fullmatch(given):
        raise BadQuery(
            f"{name} may be a date or milliseconds: write a date with hyphens, such as 2026-01-31."
        )
    if _NUMBER.fullmatch(given):
        at = int(given)
    else:
        # A plus is a space in an address.
        notation = re.sub(r" (\d\d:?\d\d)$", r"+\1", given)
        try:
            moment = datetime.fromisoformat(notation)
            zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            at = round(zoned.timestamp() * 1000)
        except (ValueError, OverflowError) as problem:
            raise BadQuery(
                f"{name} is no time: give epoch milliseconds, or ISO 8601 such as "
                "2026-01-31T12:00:00Z."
            ) from problem
    return min(max(at, 0), MAX_AT_MS)


def read_number(name: str, value: str | None, *, usual: int, most: int) -> int:
    """A whole number from 1 to `most`."""
    if not value:
        return usual
    if not _NUMBER.fullmatch(value) or not 1 <= int(value) <= most:
        raise BadQuery(f"{name} must be a whole number from 1 to {most}.")
    return int(value)


def read_choice(name: str, value: str | None, choices: tuple[str, ...]) -> str:
    """One of the words; the first where none is given."""
    if not value:
        return choices[0]
    if value not in choices:
        raise BadQuery(f"{name} must be {' or '.join(choices)}.")
    return value


def read_text(name: str, value: str | None) -> str | None:
    """A text as it is stored, such as a device's id."""
    if not value:
        return None
    if len(value) > MAX_VALUE or _UNKEEPABLE.search(value):
        raise BadQuery(f"{name} must be text of at most {MAX_VALUE} characters, without NUL.")
    return value


def read_domain(value: str | None) -> str | None:
    """A host, as visits have it."""
    text = read_text("domain", (value or "").strip())
    return bare_host(text) if text else None


def read_id(value: str) -> str:
    """The id of a visit."""
    if not _ID.fullmatch(value):
        raise no_visit()
    return value


def no_visit() -> NotFound:
    return NotFound("You have no visit with this id.")


def read_place(value: str | None) -> Place | None:
    """The place in a cursor. It tells nothing but a time and an id, and opens nothing."""
    if not value:
        return None
    try:
        written = base64.b64decode(value[:MAX_CURSOR], altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error) as problem:
        raise _no_cursor() from problem
    at, _, record_id = written.partition(" ")
    if not _NUMBER.fullmatch(at) or not 0 <= int(at) <= MAX_AT_MS:
        raise _no_cursor()
    if not record_id or not record_id.isprintable():  # an imported deletion's may be any text
        raise _no_cursor()
    return Place(int(at), record_id)


def write_place(place: Place) -> str:
    """The cursor of a place."""
    return base64.urlsafe_b64encode(f"{place.started_at} {place.id}".encode()).decode()


def _no_cursor() -> BadQuery:
    return BadQuery("cursor must be the `next` of an answer to the same call, or left out.")
