"""Starting: what is refused, what is made, and what a second start finds."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
from sqlalchemy import text

from harness.server import PYSRC, ServerProcess
from heyho_server.cli import parse
from heyho_server.errors import StartError
from heyho_server.settings import DATABASE_FILE, read_database_url, read_settings
from heyho_server.storage.database import open_database
from server.support import add_user, change, refusal, rows, send, visit


def test_a_port_in_use(server: ServerProcess, tmp_path: Path) -> None:
    port = httpx.URL(server.url).port
    assert port is not None
    message = refusal(ServerProcess(tmp_path / "data", port=port))
    assert str(port) in message
    assert "--port" in message
    assert not (tmp_path / "data").exists()


def test_a_data_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "cannot be written" in refusal(ServerProcess(tmp_path / "file"))


def test_a_database_that_is_none(tmp_path: Path) -> None:
    (tmp_path / DATABASE_FILE).write_text("These are not the pages of a database. " * 500)
    assert "file is not a database" in refusal(ServerProcess(tmp_path))


def test_a_database_of_a_newer_heyho(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        server.stop()
        change(tmp_path, "UPDATE alembic_version SET version_num = '9999'")
        assert "newer Heyho" in refusal(server)


def check(
    tmp_path: Path, arguments: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> str:
    """The sentence with which these settings are refused."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("HEYHO_BOOTSTRAP_TOKEN", raising=False)
        for name, value in (environment or {}).items():
            patch.setenv(name, value)
        with pytest.raises(StartError) as refused:
            parse(["--data", str(tmp_path), *arguments])
    return str(refused.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])
def test_a_host_that_others_can_reach_needs_tls(tmp_path: Path, host: str) -> None:
    assert "--tls-cert" in check(tmp_path, ["--host", host])
    assert parse(["--host", host, "--insecure"]).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.1", "::1", "localhost"])
def test_a_loopback_host_needs_no_tls(host: str) -> None:
    assert parse(["--host", host]).scheme == "http"


def test_half_a_tls_pair(tmp_path: Path) -> None:
    assert "--tls-key" in check(tmp_path, ["--tls-cert", "cert.pem"])
    assert "--tls-cert" in check(tmp_path, ["--tls-key", "key.pem"])


def test_a_tls_pair_that_cannot_be_read(tmp_path: Path) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("nothing")
    pair = ["--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")]
    assert "cannot be used" in check(tmp_path, pair)
    (tmp_path / "key.pem").unlink()
    assert "cannot be used" in check(tmp_path, pair)


@pytest.mark.parametrize(
    "url", ["mysql://me:secret@host/heyho", "mysql://host/x", "nonsense", "sqlite://"]
)
def test_a_database_url_that_is_not_supported(tmp_path: Path, url: str) -> None:
    message = check(tmp_path, ["--database-url", url])
    assert "sqlite:///" in message
    assert "secret" not in message


def test_a_bootstrap_token_that_could_be_guessed(tmp_path: Path) -> None:
    assert "16 characters" in check(tmp_path, (), {"HEYHO_BOOTSTRAP_TOKEN": "x" * 15})
    message = check(tmp_path, (), {"HEYHO_BOOTSTRAP_TOKEN": "with spaces in it, and long"})
    assert "spaces" in message


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_a_port_that_does_not_exist(tmp_path: Path, port: str) -> None:
    assert "does not exist" in check(tmp_path, ["--port", port])


def test_the_settings_of_a_plain_start() -> None:
    settings = read_settings(
        host="127.0.0.1",
        port=8787,
        data=Path("heyho-data"),
        database_url=None,
        tls_cert=None,
        tls_key=None,
        insecure=False,
        environment={},
    )
    assert settings.database_url.database == "heyho-data/heyho.sqlite3"
    assert settings.bootstrap_token is None


def test_without_a_token_one_is_made_and_shown_once(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data", token=None)
    with server:
        server.stop()
        found = re.search(r"token is (\S{43}) ", server.stderr)
        assert found is not None
        server.start()
        headers = {"authorization": f"Bearer {found[1]}"}
        assert httpx.get(f"{server.base}/data/summary", headers=headers).is_success
        server.stop()
        assert "token is" not in server.stderr
        files = [path.read_bytes() for path in (tmp_path / "data").iterdir()]
        assert not any(found[1].encode() in content for content in files)


def test_a_second_start_finds_everything_and_makes_nothing(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        for _ in range(2):
            with httpx.Client(base_url=server.base, headers=server.headers, timeout=60) as client:
                send(client, [visit("kept")])
                assert client.get("/data/summary").json()["visits"] == 1
            assert server.stop() == 0
            server.start()
        assert rows(server.data_dir, "SELECT count(*) FROM users") == [(1,)]
        assert rows(server.data_dir, "SELECT count(*) FROM devices") == [(1,)]


def test_another_bootstrap_token_belongs_to_the_same_user(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        with httpx.Client(base_url=server.base, headers=server.headers, timeout=60) as client:
            send(client, [visit("mine")])
        server.stop()
    with ServerProcess(tmp_path, token="another-token-of-the-same-person") as server:
        summary = httpx.get(f"{server.base}/data/summary", headers=server.headers).json()
        assert (summary["visits"], summary["devices"]) == (1, 2)


def test_a_bootstrap_token_whose_user_is_removed_opens_nothing_and_the_log_says_so(
    tmp_path: Path,
) -> None:
    with ServerProcess(tmp_path) as server:
        server.stop()
        assert "bootstrap token opens nothing" not in server.stderr
        add_user(tmp_path, "token-of-the-administrator")
        for table, key in (("devices", "user_id"), ("users", "id")):
            change(tmp_path, f"DELETE FROM {table} WHERE {key} = 1")
        server.start()
        refused = httpx.get(f"{server.base}/data/summary", headers=server.headers)
        assert refused.status_code == 401
        server.stop()
        assert "bootstrap token opens nothing" in server.stderr


def test_what_is_made_is_only_its_owners_to_read(server: ServerProcess) -> None:
    assert server.data_dir.stat().st_mode & 0o777 == 0o700
    files = list(server.data_dir.iterdir())
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert DATABASE_FILE in {path.name for path in files}


def test_a_commit_is_synced_to_the_disk(tmp_path: Path) -> None:
    """Of the connections that the server itself makes: these settings are each connection's own."""

    async def ask() -> list[Any]:
        url = read_database_url(f"sqlite:///{tmp_path / 'visits.db'}", tmp_path)
        async with open_database(url) as database, database.write() as connection:
            names = ("journal_mode", "synchronous", "fullfsync")
            return [await connection.scalar(text(f"PRAGMA {name}")) for name in names]

    assert asyncio.run(ask()) == ["wal", 2, 1]


def test_a_database_url_chooses_the_file(tmp_path: Path) -> None:
    path = tmp_path / "elsewhere" / "visits.db"
    with ServerProcess(tmp_path / "data", extra_args=["--database-url", f"sqlite:///{path}"]):
        assert path.exists()
        assert not (tmp_path / "data").exists()


def test_it_answers_over_tls_and_http_2(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    pair = ["--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")]
    with ServerProcess(tmp_path / "data", extra_args=pair) as server:
        assert server.url.startswith("https://127.0.0.1:")
        context = ssl.create_default_context()
        authority.configure_trust(context)
        with httpx.Client(verify=context, http2=True) as client:
            answers = [
                client.get(url) for url in (f"{server.base}/config", f"{server.url}/metrics")
            ]
        assert {(it.status_code, it.http_version) for it in answers} == {(200, "HTTP/2")}
        assert server.stop() == 0


_TELL = """import atexit, sys
atexit.register(lambda: "heyho_server" in sys.modules and sys.stderr.write("taken down"))
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_it_ends_without_taking_the_interpreter_down(tmp_path: Path, workers: int) -> None:
    """While a thread of granian may still want it, which would abort the process."""
    (tmp_path / "sitecustomize.py").write_text(_TELL)
    env = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(PYSRC)])}
    asked = ["--workers", str(workers)]
    with ServerProcess(tmp_path / "data", extra_args=asked, env=env) as server:
        assert httpx.get(f"{server.base}/config", timeout=60).is_success
        assert server.stop() == 0
        assert "stopped" in server.stderr
        assert "taken down" not in server.stderr


def test_ending_a_server_leaves_its_port_free(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "data") as server:
        port = httpx.URL(server.url).port
        assert port is not None
        assert server.stop() == 0
    with ServerProcess(tmp_path / "data", port=port) as server:
        assert httpx.URL(server.url).port == port
    assert [path.name for path in (tmp_path / "data").iterdir()] == [DATABASE_FILE]
