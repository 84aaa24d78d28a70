"""Commands beside the server, on both kinds of database, and while a server runs."""

from __future__ import annotations

import asyncio
import io
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TypeVar

import httpx
import pytest
import trustme
from sqlalchemy import Connection, text

from harness.postgres import Postgres
from harness.server import ServerProcess
from heyho_server import cli
from heyho_server.people import passwords
from heyho_server.settings import read_database_url
from heyho_server.storage.database import Tables, open_database
from heyho_server.storage.revisions import migrate_back, newest_revision, read_revision
from server.support import rows, send, visit

PASSWORD = "correct horse battery"
ADA, EVE = "ada@example.org", "eve@example.org"
Run = Callable[..., tuple[int, str]]
T = TypeVar("T")


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that cost nothing, and an environment that says nothing."""
    usual = passwords.Passwords.__init__
    monkeypatch.setattr(
        passwords.Passwords, "__init__", lambda self: usual(self, time_cost=1, memory_kib=8)
    )
    for name in ("HEYHO_DATABASE_URL", "HEYHO_DATA"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command line with some text on stdin; gives its status and what it says."""

    def run(*arguments: str, stdin: str = "") -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        status = cli.main(arguments)
        out, err = capsys.readouterr()
        assert (out == "") == bool(status)
        return status, out + err

    return run


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """The option that names a new database."""
    if request.param == "sqlite":
        return "--data", str(tmp_path / "data")
    cluster: Postgres = request.getfixturevalue("postgres_cluster")
    return "--database-url", cluster.create_database().render_as_string(hide_password=False)


def test_users_and_their_devices(said: Run, where: tuple[str, str]) -> None:
    added = said("user", "add", " Ada@Example.org", "--name", "Ada King L", *where, stdin=PASSWORD)
    assert added == (0, "Added ada@example.org as user 1, administrator.\n")
    assert said("user", "add", EVE, "--no-password", *where)[0] == 0
    status, listed = said("user", "list", *where)
    assert [line.split() for line in listed.splitlines()] == [
        ["1", ADA, "administrator", "Ada", "King", "L"],
        ["2", EVE, "person"],
    ]
    code = said("pair", "--user", EVE, "--address", "https://h.example", *where)[1]
    assert re.match(r"[2-9A-Z]{4}-[2-9A-Z]{4}\nEnter this .* https://h\.example$", code)
    for arguments, sentence in (
        (("user", "add", ADA, "--no-password"), "already"),
        (("user", "add", "nobody", "--no-password"), "is written as"),
        (("user", "add", "x@example.org"), "12 to 1024"),
        (("user", "remove", EVE), "--yes"),
        (("user", "remove", "x@example.org", "--yes"), "`user list`"),
        (("user", "remove", ADA, "--yes"), "only administrator"),
        (("user", "change", EVE), "what to change"),
        (("user", "change", EVE, "--email", ADA), "already"),
        (("user", "change", EVE, "--email", "nobody"), "is written as"),
        (("user", "change", EVE, "--password"), "12 to 1024"),
        (("user", "change", "99999999999", "--name", "Eve"), "`user list`"),
        (("device", "revoke", "7"), "`device list`"),
        (("device", "revoke", "-1"), "`device list`"),
        (("device", "list", "--user", "x@example.org"), "`user list`"),
        (("pair", "--user", "x@example.org"), "`user list`"),
    ):
        status, words = said(*arguments, *where)
        assert (status, len(words.splitlines())) == (2, 1), arguments
        assert sentence in words
    assert said("user", "remove", EVE, "--yes", *where)[0] == 0
    assert EVE not in said("user", "list", *where)[1]


def test_a_database_that_is_not_there_is_not_made(said: Run, tmp_path: Path) -> None:
    status, words = said("user", "list", "--data", str(tmp_path / "nowhere"))
    assert (status, "There is no database at" in words) == (2, True)
    assert not (tmp_path / "nowhere").exists()


def test_the_environment_names_the_database(
    said: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEYHO_DATABASE_URL", f"sqlite:///{tmp_path / 'a.db'}")
    assert said("user", "add", ADA, "--no-password")[0] == 0
    assert (tmp_path / "a.db").exists()


def ask(where: tuple[str, str], work: Callable[[Connection], T], tables: Tables = "any") -> T:
    """What comes of some work on the database that an option names."""
    option, given = where
    url = read_database_url(given if option == "--database-url" else None, Path(given))

    async def run() -> T:
        async with open_database(url, tables=tables) as database, database.write() as connection:
            return await connection.run_sync(work)

    return asyncio.run(run())


def test_commands_leave_an_older_heyhos_tables_as_they_are(
    said: Run, where: tuple[str, str], tmp_path: Path
) -> None:
    assert said("user", "add", ADA, "--no-password", *where)[0] == 0
    ask(where, lambda connection: migrate_back(connection, "0003"))
    for arguments in (
        ("user", "list"),
        ("user", "add", EVE, "--no-password"),
        ("device", "list"),
        ("pair",),
        ("export",),
        ("import", str(tmp_path / "file")),
    ):
        status, words = said(*arguments, *where)
        assert (status, len(words.splitlines())) == (2, 1), arguments
        assert "older Heyho's; start the server once" in words
    status, words = said("check", *where)
    assert (status, "older Heyho's; start the server once" in words) == (1, True)
    status, words = said("backup", str(tmp_path / "copy"), *where)
    if where[0] == "--data":
        assert status == 0
        with closing(sqlite3.connect(tmp_path / "copy")) as copy:
            assert copy.execute("SELECT * FROM alembic_version").fetchall() == [("0003",)]
            assert copy.execute("SELECT email FROM users").fetchall() == [(ADA,)]
    else:
        assert "pg_dump" in words
    assert ask(where, read_revision) == "0003"
    assert ask(where, read_revision, "migrated") == newest_revision()
    assert ADA in said("user", "list", *where)[1]


def test_commands_refuse_a_newer_heyhos_tables_and_a_file_without_any(
    said: Run, where: tuple[str, str], tmp_path: Path
) -> None:
    assert said("user", "add", ADA, "--no-password", *where)[0] == 0
    for statement, sentence in (
        ("UPDATE alembic_version SET version_num = '9999'", "a newer Heyho"),
        ("DELETE FROM alembic_version", "no tables of Heyho's"),
    ):
        ask(where, partial(Connection.execute, statement=text(statement)))
        assert said("user", "list", *where)[0] == 2
        status, words = said("check", *where)
        assert (status != 0, sentence in words) == (True, True)


@pytest.mark.parametrize("arguments", [["user"], ["user", "sing"], ["device", "revoke", "x"]])
def test_an_unknown_argument(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2


def test_the_first_user_gets_an_address_and_a_password_later(
    said: Run, server: ServerProcess
) -> None:
    where = ("--data", str(server.data_dir))
    change = ("user", "change", "1", "--email", " Root@Example.org", "--name", "Ro Ot")
    assert said(*change, "--password", *where, stdin=PASSWORD)[0] == 0
    assert "root@example.org" in said("user", "list", *where)[1]
    credentials = {"email": "root@example.org", "password": PASSWORD}
    tokens = httpx.post(f"{server.base}/auth/login", json=credentials).json()["data"]
    headers = {"authorization": f"Bearer {tokens['AccessToken']}"}
    me = httpx.get(f"{server.base}/auth/me", headers=headers).json()["user"]
    assert (me["firstName"], me["lastName"]) == ("Ro", "Ot")
    changed = said(
        *("user", "change", "root@example.org", "--password", *where), stdin="x" + PASSWORD
    )
    assert "is signed out" in changed[1]
    assert httpx.get(f"{server.base}/auth/me", headers=headers).status_code == 401
    assert httpx.post(f"{server.base}/auth/login", json=credentials).status_code == 401
    assert httpx.get(f"{server.base}/data/summary", headers=server.headers).is_success


def test_a_server_is_asked_whether_it_is_alive(
    said: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    pair = ["--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")]
    with ServerProcess(tmp_path / "data", extra_args=pair) as server:
        port = str(httpx.URL(server.url).port)
        assert said("health", "--port", port)[0] == 2
        monkeypatch.setenv("HEYHO_TLS_CERT", str(tmp_path / "cert.pem"))
        monkeypatch.setenv("HEYHO_HOST", "0.0.0.0")
        monkeypatch.setenv("HEYHO_PORT", port)
        assert said("health") == (0, f"The server at 127.0.0.1, port {port}, is alive.\n")
    assert said("health")[0] == 2


def test_a_pairing_code_names_the_device(said: Run, server: ServerProcess) -> None:
    code = said("pair", "--user", "1", "--name", "Work", "--data", str(server.data_dir))[1].split()[
        0
    ]
    paired = httpx.post(f"{server.base}/pair", json={"code": code, "deviceName": "Chrome"}).json()
    assert paired["deviceName"] == "Work"


def test_beside_a_server_that_runs(said: Run, server: ServerProcess) -> None:
    where = ("--data", str(server.data_dir))
    assert said("user", "add", ADA, *where, stdin=f"{PASSWORD}\n")[0] == 0
    credentials = {"email": ADA, "password": PASSWORD}
    login = httpx.post(f"{server.base}/auth/login", json=credentials)
    assert login.status_code == 200
    code = said("pair", "--user", ADA, *where)[1].split()[0]
    paired = httpx.post(f"{server.base}/pair", json={"code": code, "deviceName": "Laptop"}).json()
    headers = {"authorization": f"Bearer {paired['token']}"}
    with httpx.Client(base_url=server.base, headers=headers, timeout=60) as client:
        assert send(client, [visit("hers")]).is_success
        listed = said("device", "list", "--user", ADA, *where)[1].splitlines()
        assert [line.split()[2] for line in listed] == ["session", "device"]
        assert "Laptop" in listed[1]
        assert said("device", "revoke", listed[1].split()[0], *where)[0] == 0
        assert client.get("/data/summary").status_code == 401
        assert "revoked" in said("device", "list", *where)[1]
    assert said("user", "remove", ADA, "--yes", *where)[0] == 0
    assert httpx.post(f"{server.base}/auth/login", json=credentials).status_code == 401
    assert rows(server.data_dir, "SELECT count(*) FROM visits WHERE id = 'hers'") == [(0,)]
    code = said("pair", *where)[1].split()[0]
    assert httpx.post(f"{server.base}/pair", json={"code": code}).is_success
