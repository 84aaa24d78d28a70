"""Whom a request comes from."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from heyho_server.errors import StartError
from heyho_server.limits.addresses import household, origin, read_address
from heyho_server.settings import read_trusted_proxies

PROXIES = [ip_network("127.0.0.1"), ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "expected"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1, 198.51.100.1, 10.1.2.3"], "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1", "198.51.100.1,10.1.2.3"], "198.51.100.1"),
        ("127.0.0.1", ["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        ("127.0.0.1", ["198.51.100.1, unknown, 10.1.2.3"], "10.1.2.3"),
        ("127.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("127.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("fd00::1", ["2001:db8::1"], "2001:db8::1"),
        ("::ffff:127.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("", ["198.51.100.1"], "None"),
    ],
)
def test_only_what_trusted_proxies_have_added_is_believed(
    peer: str, forwarded_for: list[str], expected: str
) -> None:
    assert str(origin(peer, forwarded_for, PROXIES)) == expected


def test_nobody_is_trusted_by_default() -> None:
    assert read_trusted_proxies({}) == ()
    assert str(origin("127.0.0.1", ["198.51.100.1"], ())) == "127.0.0.1"


@pytest.mark.parametrize("text", ["", "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "[::1", "a:80"])
def test_what_is_no_address(text: str) -> None:
    assert read_address(text) is None


@pytest.mark.parametrize(
    ("text", "counted_as"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("nothing", "None"),
    ],
)
def test_an_address_of_ipv6_stands_for_its_network(text: str, counted_as: str) -> None:
    assert household(read_address(text)) == counted_as


def test_networks_are_read_from_the_environment() -> None:
    given = {"HEYHO_TRUSTED_PROXIES": " 127.0.0.1,10.0.0.1/8 fd00::/8, "}
    assert list(read_trusted_proxies(given)) == PROXIES
    with pytest.raises(StartError, match=r"HEYHO_TRUSTED_PROXIES .*'everybody'"):
        read_trusted_proxies({"HEYHO_TRUSTED_PROXIES": "127.0.0.1, everybody"})
