"""The server under the bench as a process, with or without TLS."""

from __future__ import annotations

import base64
import hashlib
import os
import sqlite3
import ssl
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import trustme
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

from bench.rows import Row
from bench.sink import sunk_ids
from harness.backlog import stored_ids
from harness.browser import ROOT
from harness.server import ServerProcess


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate for the loopback.

    Attributes:
        server_args: what makes the server use it.
        browser_args: what makes Chromium trust it.
        context: what makes Python trust it.
    """

    server_args: list[str]
    browser_args: list[str]
    context: ssl.SSLContext


class Host(ServerProcess):
    """The server, with its service time and its counts."""

    def __init__(self, folder: Path, row: Row, latency_ms: float) -> None:
        self.certificate = make_certificate(folder) if row.http == "HTTP/2" else None
        args = self.certificate.server_args if self.certificate else []
        super().__init__(folder / "data", extra_args=args, limits=bool(row.rates))
        self._latency_ms = latency_ms
        self._sink = folder / "sink" if row.sink else None

    @property
    def browser_args(self) -> list[str]:
        return self.certificate.browser_args if self.certificate else []

    @property
    def page_url(self) -> str:
        """The peers' page, which is on another origin than the API, as the extension is."""
        return self.url.replace("127.0.0.1", "localhost") + "/bench/page.html"

    def counts(self) -> dict[str, Any]:
        """What the server has seen so far; see `bench.service.Counts`."""
        verify = self.certificate.context if self.certificate else False
        counts: dict[str, Any] = httpx.get(f"{self.url}/bench/counts", verify=verify).json()
        return counts

    def stored(self) -> list[str]:
        """The id of each visit that has come, since it was told to forget."""
        if self._sink:
            return sunk_ids(self._sink)
        written = Counter[str](self.counts()["documents"])
        return [*stored_ids(self.data_dir), *written.elements()]

    def forget(self) -> None:
        """Have no visits."""
        if self._sink:
            for body in self._sink.glob("*.gz"):
                body.unlink()
            return
        with closing(sqlite3.connect(self.data_dir / "heyho.sqlite3")) as database:
            database.execute("DELETE FROM visits")
            database.commit()
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def command(self) -> list[str]:
        real = super().command()
        module = real.index("heyho_server")
        own = ["bench.server", "--latency-ms", str(self._latency_ms)]
        if self._sink:
            own += ["--sink", str(self._sink)]
        return [*real[:module], *own, *real[module + 1 :]]

    def environment(self) -> dict[str, str]:
        real = super().environment()
        path = [str(ROOT / "tests"), real["PYTHONPATH"]]
        return {**real, "PYTHONPATH": os.pathsep.join(path)}


def make_certificate(folder: Path) -> Certificate:
    """Write a certificate and its key into a folder."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    chain, key = folder / "cert.pem", folder / "key.pem"
    issued.cert_chain_pems[0].write_to_path(chain)
    issued.private_key_pem.write_to_path(key)
    public_key = load_pem_x509_certificate(chain.read_bytes()).public_key()
    der = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pin = base64.b64encode(hashlib.sha256(der).digest()).decode()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return Certificate(
        server_args=["--tls-cert", str(chain), "--tls-key", str(key)],
        browser_args=[f"--ignore-certificate-errors-spki-list={pin}"],
        context=context,
    )
