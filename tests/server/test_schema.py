"""The OpenAPI document is whole, and the server keeps to it whatever it is sent."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema_rs import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from harness.server import ServerProcess
from heyho_server.api.watching import PATHS
from heyho_server.app import router

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 15


@pytest.fixture(scope="module")
def document(server: ServerProcess) -> dict[str, Any]:
    answer = httpx.get(f"{server.base}/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    read: dict[str, Any] = answer.json()
    return read


@pytest.fixture(scope="module")
def described(server: ServerProcess, document: dict[str, Any]) -> schemathesis.BaseSchema:
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=server.url)
    return schema


def test_the_document_is_one_of_openapi_3_1(described: schemathesis.BaseSchema) -> None:
    assert described.raw_schema["openapi"].startswith("3.1")
    described.validate()


def test_every_path_is_in_it(document: dict[str, Any]) -> None:
    paths = {route.path_format for route in router().routes} | set(PATHS)
    assert paths <= document["paths"].keys()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def test_every_operation_tells_what_it_is_and_how_it_may_end(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        assert operation["summary"], name
        assert operation["description"], name
        assert operation["tags"], name
        for status, answer in operation["responses"].items():
            assert answer["description"], (name, status)
            for content in answer.get("content", {}).values():
                assert content["examples"], (name, status)
            assert "X-Request-Id" in answer["headers"], (name, status)
        counted = "/api/" in name
        expected = {"429", "500"} if counted else {"500"}
        expected |= {"401"} if "security" in operation else set()
        assert expected <= operation["responses"].keys(), name
        if counted:
            assert "RateLimit" in operation["responses"]["500"]["headers"], name
            assert "Retry-After" in operation["responses"]["429"]["headers"], name


def test_what_needs_a_token_says_so(document: dict[str, Any], server: ServerProcess) -> None:
    """Asked without one: what is refused is what says so."""
    for name, operation in operations(document).items():
        method, path = re.sub(r"{\w+}", "1", name).split()
        status = httpx.request(method, server.url + path).status_code
        assert (status == 401) == bool(operation.get("security")), name


def test_every_error_has_the_same_shape(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name, operation in operations(document).items():
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and status != "503":
                schema = answer["content"]["application/json"]["schema"]["$ref"]
                required = schemas[schema.rpartition("/")[2]]["required"]
                assert {"success", "message", "error_code"} <= set(required), (name, status)


def test_the_examples_are_what_the_schemas_say(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        parts = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in [c for part in parts for c in part.get("content", {}).values()]:
            schema = {"components": document["components"], **content["schema"]}
            for example in content["examples"].values():
                found = [*Draft202012Validator(schema).iter_errors(example["value"])]
                assert not found, name


def test_a_sync_tells_all_that_it_refuses(document: dict[str, Any]) -> None:
    sync = document["paths"]["/api/v1/data/sync"]["post"]
    assert sync["responses"].keys() == {
        *("200", "400", "401", "408", "413", "415", "429", "500"),
    }
    body = sync["requestBody"]["content"]["application/json"]
    assert body["schema"] == {"$ref": "#/components/schemas/Body"}
    visit = document["components"]["schemas"]["Visit"]
    assert {"id", "url", "startedAt"} == set(visit["required"])


def test_no_page_of_it_leads_elsewhere(document: dict[str, Any], server: ServerProcess) -> None:
    assert "://" not in str(document).replace("https://example.org", "")
    for path in ("/schema", "/api/v1/schema", "/api/v1", "/docs"):
        assert httpx.get(server.url + path).status_code == 404


def test_whatever_is_sent_is_answered_as_told(
    described: schemathesis.BaseSchema, server: ServerProcess
) -> None:
    """Last of all: what is sent may well undo what other tests rely on."""
    for found in described.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        modes = [GenerationMode.POSITIVE]
        if operation.body or any(operation.iter_parameters()):
            modes.append(GenerationMode.NEGATIVE)
        for mode in modes:
            try_out(operation, mode, server.headers)


def try_out(
    operation: schemathesis.APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    headers: dict[str, str],
) -> None:
    """Send what the document allows, or what it does not, always the same."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode))
    def send(case: schemathesis.Case[Any]) -> None:
        case.call_and_validate(checks=CHECKS, headers=headers, timeout=30)

    send()
