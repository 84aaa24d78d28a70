"""The server's settings: read once, at the start, and checked before anything is touched."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from heyho_server.environment import read_number, read_switch, unknown_variables, with_secrets
from heyho_server.errors import StartError
from heyho_server.limits.addresses import Network
from heyho_server.limits.rates import Rates, read_rates
from heyho_server.limits.shared import read_rate_limit_url

HOST = "127.0.0.1"
PORT = 8787
DATA = Path("heyho-data")
DATABASE_FILE = "heyho.sqlite3"
MIN_TOKEN = 16
MAX_WORKERS = 64
PARTITIONS = 8
MAX_PARTITIONS = 256

_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one request may hold.

    Attributes:
        max_records: visits and tab aggregates together.
        max_body_bytes: of the body, as sent and again once decompressed.
        body_idle_s: how long the server waits for the next piece of a body.
    """

    max_records: int = 1000
    max_body_bytes: int = 10_000_000
    body_idle_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the server runs with.

    Attributes:
        port: 0 takes a free one.
        database_url: of SQLAlchemy, with its asynchronous driver.
        partitions: of a new PostgreSQL database's large tables; 0 for none.
        bootstrap_token: a device token that is valid from the start.
        registration_open: whether anybody may sign up.
        rate_limit_url: the Redis to count requests in; None where that is the process's own.
        workers: how many processes answer.
        metrics_token: opens the metrics to other machines.
        trusted_proxies: whose X-Forwarded-For is believed.
        unknown: variables that nothing reads, each with the one that may have been meant.
    """

    host: str = HOST
    port: int = PORT
    database_url: URL
    partitions: int = PARTITIONS
    tls_cert: Path | None = None
    tls_key: Path | None = None
    bootstrap_token: str | None = None
    registration_open: bool = False
    limits: Limits = Limits()
    rates: Rates = field(default_factory=Rates)
    rate_limit_url: str | None = field(default=None, repr=False)
    workers: int = 1
    metrics_token: str | None = None
    trusted_proxies: tuple[Network, ...] = ()
    unknown: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def scheme(self) -> str:
        return "https" if self.tls_cert else "http"

    def summary(self) -> dict[str, Any]:
        """What the log says of the settings: no password and no token."""
        return {
            "host": self.host,
            "port": self.port,
            "database": self.database_url.render_as_string(hide_password=True),
            "tls": self.tls_cert is not None,
            "workers": self.workers,
            "registration": "open" if self.registration_open else "closed",
            "bootstrap_token": "***" if self.bootstrap_token else None,
            "metrics_token": "***" if self.metrics_token else None,
            "rate_limit_url": masked(self.rate_limit_url),
            "rates": {
                name: f"{rate.quota}/{rate.window_s} seconds" if rate else "off"
                for name, rate in self.rates.named().items()
            },
            "trusted_proxies": [str(network) for network in self.trusted_proxies],
        }


def read_settings(
    *,
    host: str | None = None,
    port: int | None = None,
    data: Path | None = None,
    database_url: str | None = None,
    rate_limit_url: str | None = None,
    workers: int | None = None,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    insecure: bool = False,
    environment: Mapping[str, str],
) -> Settings:
    """Put the settings together from the command line and, where that says nothing, the
    environment.

    Raises:
        StartError: the first thing that is wrong, with what to do about it.
    """
    settled = with_secrets(environment)

    def text(name: str) -> str | None:
        return settled.get(name, "").strip() or None

    def path(name: str) -> Path | None:
        return Path(found) if (found := text(name)) else None

    host = host or text("HEYHO_HOST") or HOST
    port = read_number(settled, "HEYHO_PORT", PORT) if port is None else port
    workers = read_number(settled, "HEYHO_WORKERS", 1) if workers is None else workers
    tls_cert, tls_key = tls_cert or path("HEYHO_TLS_CERT"), tls_key or path("HEYHO_TLS_KEY")
    insecure = insecure or read_switch(settled, "HEYHO_INSECURE")
    if not 0 <= port <= 65535:
        raise StartError(f"Port {port} does not exist; choose one from 0 to 65535.")
    check_tls(tls_cert, tls_key)
    if not (tls_cert or insecure or is_loopback(host)):
        raise StartError(
            f"{host} can be reached from other machines, where browsing history must not travel "
            "in the clear: give --tls-cert and --tls-key, or --insecure if a proxy in front of "
            "the server does the encryption."
        )
    rates = read_rates(settled)
    rate_limit_url = read_rate_limit_url(rate_limit_url or text("HEYHO_RATE_LIMIT_URL"))
    check_workers(workers, shared=rate_limit_url is not None, rates=rates)
    return Settings(
        host=host,
        port=port,
        database_url=read_database_url(
            database_url or text("HEYHO_DATABASE_URL"), data or path("HEYHO_DATA") or DATA
        ),
        partitions=read_partitions(settled),
        tls_cert=tls_cert,
        tls_key=tls_key,
        bootstrap_token=read_token(settled, "HEYHO_BOOTSTRAP_TOKEN"),
        registration_open=read_registration(settled),
        rates=rates,
        rate_limit_url=rate_limit_url,
        workers=workers,
        metrics_token=read_token(settled, "HEYHO_METRICS_TOKEN"),
        trusted_proxies=read_trusted_proxies(settled),
        unknown=unknown_variables(environment),
    )


def read_partitions(environment: Mapping[str, str]) -> int:
    """Into how many parts PostgreSQL's large tables are split when they are made."""
    partitions = read_number(environment, "HEYHO_PARTITIONS", PARTITIONS)
    if partitions > MAX_PARTITIONS:
        raise StartError(
            f"HEYHO_PARTITIONS is {partitions}; choose 0 for none, or up to {MAX_PARTITIONS}."
        )
    return partitions


def check_workers(workers: int, *, shared: bool, rates: Rates) -> None:
    """Refuse several processes that would each let the whole quota through."""
    if not 1 <= workers <= MAX_WORKERS:
        raise StartError(f"{workers} workers are not to be had; choose 1 to {MAX_WORKERS}.")
    if workers > 1 and not shared and any(rates.named().values()):
        raise StartError(
            "Several workers have to count requests together: give --rate-limit-url, or set all "
            "limits to off."
        )


def masked(url: str | None) -> str | None:
    """An address without the password in it."""
    if url is None:
        return None
    parts = urlsplit(url)
    name, at, place = parts.netloc.rpartition("@")
    kept = f"{name.partition(':')[0]}:***@{place}" if at else place
    return parts._replace(netloc=kept, query="").geturl()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_tls(cert: Path | None, key: Path | None) -> None:
    """Refuse half a pair, and a pair that does not belong together or cannot be read."""
    if cert is None and key is None:
        return
    if cert is None or key is None:
        missing, given = ("--tls-key", "--tls-cert") if cert else ("--tls-cert", "--tls-key")
        raise StartError(f"{given} needs {missing} as well: TLS takes a certificate and its key.")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key, password="")
    except (OSError, ValueError) as problem:
        raise StartError(
            f"The TLS pair {cert} and {key} cannot be used ({problem}); give a PEM certificate "
            "chain and its unencrypted PEM key."
        ) from problem


def read_database_url(given: str | None, data: Path) -> URL:
    """The database to use: the given one, or the file in the data directory."""
    if given is None:
        return URL.create("sqlite+aiosqlite", database=str(data / DATABASE_FILE))
    try:
        url = make_url(given)
    except ArgumentError as problem:
        raise StartError(
            "The database URL cannot be read; write it as sqlite:////path/to/heyho.sqlite3 or "
            "postgresql://user:password@host/database."
        ) from problem
    if url.drivername in ("postgresql", "postgres", "postgresql+asyncpg"):
        return url.set(drivername="postgresql+asyncpg")
    if url.drivername not in ("sqlite", "sqlite+aiosqlite"):
        raise StartError(
            f"{url.drivername} databases are not supported; give a URL such as "
            "sqlite:////path/to/heyho.sqlite3 or postgresql://user:password@host/database, or "
            "--data DIR alone."
        )
    if not url.database or url.database.startswith(("file:", ":memory:")):
        raise StartError(
            "The database URL names no file, and a database in memory would be lost; write it as "
            "sqlite:////path/to/heyho.sqlite3."
        )
    return url.set(drivername="sqlite+aiosqlite")


def read_token(environment: Mapping[str, str], name: str) -> str | None:
    """The token from a variable; None where it is unset or empty."""
    token = environment.get(name, "").strip()
    if not token:
        return None
    if len(token) < MIN_TOKEN:
        raise StartError(
            f"{name} is shorter than {MIN_TOKEN} characters and could be guessed; "
            "take a random one, such as `openssl rand -hex 32` prints."
        )
    if not _TOKEN.fullmatch(token):
        raise StartError(
            f"{name} holds characters that cannot travel in a header; use letters, "
            "digits and punctuation without spaces."
        )
    return token


def read_registration(environment: Mapping[str, str]) -> bool:
    """Whether HEYHO_REGISTRATION lets anybody sign up; usually not."""
    given = environment.get("HEYHO_REGISTRATION", "").strip().lower() or "closed"
    if given not in ("open", "closed"):
        raise StartError(f"HEYHO_REGISTRATION is {given!r}; write open or closed.")
    return given == "open"


def read_trusted_proxies(environment: Mapping[str, str]) -> tuple[Network, ...]:
    """The networks from HEYHO_TRUSTED_PROXIES, such as "127.0.0.1, 10.0.0.0/8"; usually none."""
    given = environment.get("HEYHO_TRUSTED_PROXIES", "").replace(",", " ").split()
    try:
        return tuple(ipaddress.ip_network(network, strict=False) for network in given)
    except ValueError as problem:
        raise StartError(
            f"HEYHO_TRUSTED_PROXIES holds no list of networks ({problem}); write it as "
            "127.0.0.1, 10.0.0.0/8."
        ) from problem
