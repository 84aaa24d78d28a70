"""Settings from the environment, and what the log says of settings."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import heyho_server
from harness.server import ServerProcess
from heyho_server.environment import SECRETS, VARIABLES, unknown_variables
from heyho_server.errors import StartError
from heyho_server.settings import Settings, masked, read_settings

TOKEN = "a-secret-token-0123456789"
OFF = {f"HEYHO_LIMIT_{name}": "off" for name in ("GENERAL", "SYNC_ADDRESS", "SYNC_USER", "LOGIN")}
OFF["HEYHO_LIMIT_PAIR"] = "off"


def read(**environment: str) -> Settings:
    return read_settings(environment=environment)


def refused(**environment: str) -> str:
    with pytest.raises(StartError) as problem:
        read(**environment)
    return str(problem.value)


def test_every_option_is_a_variable_as_well() -> None:
    settings = read(
        HEYHO_HOST="0.0.0.0",
        HEYHO_PORT="1234",
        HEYHO_INSECURE="yes",
        HEYHO_DATA="/somewhere",
        HEYHO_WORKERS="3",
        HEYHO_RATE_LIMIT_URL="redis://host",
        HEYHO_METRICS_TOKEN=TOKEN,
    )
    assert (settings.host, settings.port, settings.workers) == ("0.0.0.0", 1234, 3)
    assert settings.database_url.database == "/somewhere/heyho.sqlite3"
    assert settings.rate_limit_url == "redis://host:6379"
    assert settings.metrics_token == TOKEN
    assert read(HEYHO_DATABASE_URL="sqlite:////a/b").database_url.database == "/a/b"
    assert "--tls-key" in refused(HEYHO_TLS_CERT="cert.pem")
    assert "--tls-cert" in refused(HEYHO_TLS_KEY="key.pem")


def test_the_command_line_wins() -> None:
    environment = {"HEYHO_HOST": "192.0.2.1", "HEYHO_PORT": "1", "HEYHO_WORKERS": "9"}
    settings = read_settings(host="127.0.0.1", port=0, workers=1, environment=environment)
    assert (settings.host, settings.port, settings.workers) == ("127.0.0.1", 0, 1)


def test_empty_is_unset() -> None:
    assert read(**dict.fromkeys(VARIABLES, "")) == read_settings(environment={})


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_may_be_in_a_file(name: str, tmp_path: Path) -> None:
    values = {
        "HEYHO_DATABASE_URL": "sqlite:////a/b",
        "HEYHO_RATE_LIMIT_URL": "redis://:word@host:1",
    }
    value, file = values.get(name, TOKEN), tmp_path / "secret"
    file.write_text(f"{value}\n")
    settings = read(**{f"{name}_FILE": str(file)})
    assert settings.summary() == read(**{name: value}).summary()
    assert name in refused(**{name: value, f"{name}_FILE": str(file)})
    file.write_text("\n")
    assert "is empty" in refused(**{f"{name}_FILE": str(file)})
    file.unlink()
    assert "cannot be read" in refused(**{f"{name}_FILE": str(file)})


def test_what_is_no_number_or_no_switch() -> None:
    assert "HEYHO_PORT" in refused(HEYHO_PORT="http")
    assert "HEYHO_WORKERS" in refused(HEYHO_WORKERS="-1")
    assert "HEYHO_INSECURE" in refused(HEYHO_INSECURE="perhaps")
    assert "1 to 64" in refused(HEYHO_WORKERS="0")


def test_several_workers_have_to_count_together() -> None:
    assert "--rate-limit-url" in refused(HEYHO_WORKERS="2")
    assert read(HEYHO_WORKERS="2", HEYHO_RATE_LIMIT_URL="redis://host").workers == 2
    assert read(HEYHO_WORKERS="2", **OFF).workers == 2


def test_every_variable_that_is_read_is_known() -> None:
    package = Path(heyho_server.__file__).parent
    read_somewhere = {
        node.value
        for file in package.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"HEYHO_[A-Z_]+", node.value)
    }
    others = {"HEYHO_CHROMIUM", "HEYHO_POSTGRES", "HEYHO_REDIS"}
    assert read_somewhere - others == set(VARIABLES)


def test_a_variable_that_nobody_reads_is_met_with_the_nearest() -> None:
    given = {"HEYHO_WORKER": "2", "HEYHO_LIMIT_SYNC": "", "HEYHO_X": "", "PATH": ""}
    found = unknown_variables({**given, "HEYHO_CHROMIUM": "", "HEYHO_PORT": ""})
    assert found.keys() == {"HEYHO_WORKER", "HEYHO_LIMIT_SYNC", "HEYHO_X"}
    assert found["HEYHO_WORKER"] == "HEYHO_WORKERS"
    assert found["HEYHO_X"] is None


def test_passwords_are_masked() -> None:
    assert masked("redis://me:word@host:1/2?password=word") == "redis://me:***@host:1/2"
    assert masked("redis://host:1") == "redis://host:1"
    assert masked(None) is None


def test_the_log_tells_the_settings_and_no_secret(tmp_path: Path) -> None:
    env = {"HEYHO_METRICS_TOKEN": "metrics-token-0123456789", "HEYHO_WORKRES": "3"}
    with ServerProcess(tmp_path / "data", env=env) as server:
        server.stop()
    [line] = [line for line in server.stderr.splitlines() if '"event": "settings"' in line]
    assert '"workers": 1' in line
    assert str(tmp_path) in line
    [line] = [line for line in server.stderr.splitlines() if "unknown variable" in line]
    assert "HEYHO_WORKRES" in line
    assert "HEYHO_WORKERS" in line
    for secret in (server.token, env["HEYHO_METRICS_TOKEN"]):
        assert str(secret) not in server.stderr
