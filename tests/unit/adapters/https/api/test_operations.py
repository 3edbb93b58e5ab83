"""The table of REST operations, and the OpenAPI document that is written from it."""

import json
from collections import Counter
from typing import Any

import pytest

from leaselab.appliance.adapters.https.api.dispatch import OPERATIONS
from leaselab.appliance.adapters.https.api.openapi import OPERATION, document
from leaselab.appliance.adapters.https.api.operations import Call, Operation

DOCUMENT: dict[str, Any] = json.loads(document(OPERATIONS))
DESCRIBED = [(path, method, one) for path, methods in DOCUMENT["paths"].items() for method, one in methods.items()]


async def nothing(_call: Call) -> None:
    """Do nothing."""


@pytest.mark.parametrize(
    ("path", "asked", "parameters"),
    [
        ("/license/keys", "/license/keys", {}),
        ("/license/keys", "/license/keys/1", None),
        ("/license/clients/{client-id}", "/license/clients/GW1", {"client-id": "GW1"}),
        ("/license/clients/{client-id}", "/license/clients/a%2Fb", {"client-id": "a/b"}),
        ("/license/clients/{client-id}", "/license/clients/a/b", None),
        ("/license/clients/{client-id}", "/license/clients/", None),
        ("/configuration/{path...}", "/configuration/a/b%20c", {"path": "a/b c"}),
        ("/a.b", "/aXb", None),
    ],
)
def test_a_path_is_one_operations_or_anothers(path: str, asked: str, parameters: dict[str, str] | None) -> None:
    assert Operation("GET", path, nothing).parameters(asked) == parameters


def test_every_operation_is_described_and_says_what_it_does() -> None:
    described = {(method.upper(), path) for path, method, _ in DESCRIBED}

    assert described == {(one.method, "/api/v1" + one.path.replace("...", "")) for one in (*OPERATIONS, OPERATION)}
    assert all(one["summary"] for _, _, one in DESCRIBED)


def test_no_operation_stands_twice_and_no_identifier_does() -> None:
    assert max(Counter((one.method, one.path) for one in OPERATIONS).values()) == 1
    assert max(Counter(one["operationId"] for _, _, one in DESCRIBED).values()) == 1


def test_only_what_gives_nothing_away_is_open_to_all() -> None:
    assert {path for path, _, one in DESCRIBED if one["security"] != [{"api_key": []}]} == {
        "/api/v1/auth",
        "/api/v1/realm_auth",
        "/api/v1/health",
        "/api/v1/openapi.json",
    }


def test_every_failure_has_the_one_error_shape() -> None:
    for _, _, one in DESCRIBED:
        for status, answer in one["responses"].items():
            if status >= "400":
                assert answer["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Failure"}


def test_names_in_bodies_are_written_as_in_the_topology_file() -> None:
    components = DOCUMENT["components"]["schemas"]
    names = {name for one in components.values() for name in one.get("properties", {})}

    assert {name for name in names if "_" in name or name != name.lower()} == {"api_key"}, "the product's own"
