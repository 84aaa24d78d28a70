"""`health`: asks the server that runs with these settings whether it is alive, as containers do."""

from __future__ import annotations

import argparse
import http.client
import os
import ssl
from typing import Any

from heyho_server.environment import read_number, with_secrets
from heyho_server.errors import StartError
from heyho_server.settings import HOST, PORT

TIMEOUT_S = 4.0
# Who listens at every address also does at its own.
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (nothing is bound to it)


def add_parser(commands: Any, _: argparse.ArgumentParser) -> None:
    parser = commands.add_parser("health", help="ask the running server whether it is alive")
    parser.add_argument("--host", help="where it listens (HEYHO_HOST, or this machine)")
    parser.add_argument("--port", type=int, help=f"at which port (HEYHO_PORT, or {PORT})")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    settled = with_secrets(os.environ)
    host = arguments.host or settled.get("HEYHO_HOST", "").strip() or HOST
    host = _EVERYWHERE.get(host, host)
    port = arguments.port or read_number(settled, "HEYHO_PORT", PORT)
    is_encrypted = bool(settled.get("HEYHO_TLS_CERT", "").strip())
    try:
        status = _ask(host, port, is_encrypted=is_encrypted)
    except (OSError, http.client.HTTPException) as problem:
        raise StartError(f"No server answers at {host}, port {port} ({problem}).") from problem
    if status != 200:
        raise StartError(f"What answers at {host}, port {port}, says {status}: it is no Heyho.")
    print(f"The server at {host}, port {port}, is alive.")


def _ask(host: str, port: int, *, is_encrypted: bool) -> int:
    """The status of its answer; whose certificate it has does not matter to itself."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    if is_encrypted:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=context)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status
    finally:
        connection.close()
