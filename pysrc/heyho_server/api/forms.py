"""Forms of the page for people: whose they are, and what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from litestar.enums import RequestEncodingType

from heyho_server.api.services import AnyRequest, Services
from heyho_server.errors import BadBody, Forbidden, UnknownEncoding
from heyho_server.incoming.bodies import pieces_of, read_body

MAX_FORM = 16_384
MAX_FIELDS = 10


def require_own_form(headers: Mapping[str, str]) -> None:
    """Refuse a form that another site's page sends.

    Browsers say by Sec-Fetch-Site whose page it is, and on the way to a plain HTTP server by
    Origin alone, which is compared to the host that they asked for.

    Raises:
        Forbidden: it is, or may be.
    """
    site = headers.get("sec-fetch-site")
    own = urlsplit(headers.get("origin", "")).netloc == headers.get("host")
    if site != "same-origin" if site is not None else not own:
        raise Forbidden("This form was not sent by this server's own page; open that page anew.")


async def read_form(request: AnyRequest, services: Services) -> dict[str, str]:
    """The fields of a form, by name.

    Raises:
        RequestError: it cannot be read.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != RequestEncodingType.URL_ENCODED:
        raise UnknownEncoding("This is not a form; use the page in a browser.")
    limits = replace(services.limits, max_body_bytes=MAX_FORM)
    body = await read_body(request.headers, pieces_of(request.receive), limits)
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=MAX_FIELDS, errors="strict"))
    except ValueError as problem:
        raise BadBody("This form cannot be read; open the page anew.") from problem
