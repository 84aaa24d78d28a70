"""An export that fails on its way never looks like a whole file."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx
import pytest
import trustme

from harness.server import ServerProcess
from heyho_server.transfer.exporting import PAGE
from server.support import START_MS, change, send, visit


@pytest.mark.parametrize("http2", [False, True])
def test_an_export_that_fails_breaks_off(tmp_path: Path, http2: bool) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    pair = ["--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")]
    with (
        ServerProcess(tmp_path / "data", extra_args=pair) as server,
        httpx.Client(
            base_url=server.base, headers=server.headers, verify=context, http2=http2
        ) as client,
    ):
        send(client, [visit(f"v{n}", startedAt=START_MS + n) for n in range(PAGE)])
        send(client, [visit("last", startedAt=START_MS + PAGE)])
        change(server.data_dir, "UPDATE visits SET idle_periods = 'broken' WHERE id = 'last'")
        with client.stream("GET", "/data/export") as answer:
            assert (answer.status_code, answer.http_version == "HTTP/2") == (200, http2)
            with pytest.raises(httpx.RemoteProtocolError):
                answer.read()
        assert client.get("/config").is_success, "the next request is answered"
