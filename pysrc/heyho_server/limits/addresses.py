"""The address that a request comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_WITH_PORT = re.compile(r"\[([^\]]+)\](?::[0-9]+)?|([0-9.]+):[0-9]+")


def origin(peer: str, forwarded_for: Sequence[str], trusted: Sequence[Network]) -> Address | None:
    """Where a request comes from: the peer, or whoever it was passed on for.

    Each proxy appends to X-Forwarded-For whom it got the request from. So that is read from its
    end, and only as far as whoever wrote that part is trusted: all before it may be made up.

    Args:
        peer: who holds the connection.
        forwarded_for: the fields of that name, in order.
        trusted: proxies that tell the truth.

    Returns:
        None where even the peer has no address.
    """
    address = read_address(peer)
    hops = [hop for field in forwarded_for for hop in field.split(",")]
    while hops and address is not None and _is_in(address, trusted):
        told = read_address(hops.pop())
        if told is None:
            break
        address = told
    return address


def read_address(text: str) -> Address | None:
    """An address, with or without a port; None where it is none."""
    text = text.strip()
    found = _WITH_PORT.fullmatch(text)
    try:
        address = ip_address((found[1] or found[2]) if found else text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def household(address: Address | None) -> str:
    """By what to count an address: whoever has one of IPv6 has its whole /64."""
    if isinstance(address, IPv6Address):
        return str(ip_network((int(address) >> 64 << 64, 64)))
    return str(address)


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
