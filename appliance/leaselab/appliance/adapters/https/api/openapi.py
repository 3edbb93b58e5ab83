"""The OpenAPI document of the REST API, written from the same tables that requests are answered by."""

import inspect
import re
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import msgspec

from leaselab.appliance import __version__
from leaselab.appliance.adapters.https.api.operations import ROOT, Call, Operation, media_type
from leaselab.appliance.adapters.https.api.shapes import Failure

PATH: Final = "/openapi.json"
_REFERENCE: Final = "#/components/schemas/{name}"


async def _itself(_call: Call) -> None:
    """Describe this API."""


OPERATION: Final = Operation("GET", PATH, _itself, dict[str, Any], public=True)
"""The document's own operation; the dispatcher answers it, since it alone knows all others."""


@cache
def document(operations: tuple[Operation, ...]) -> bytes:
    """Return the document as JSON."""
    return msgspec.json.format(msgspec.json.encode(describe((*operations, OPERATION))))


def describe(operations: Iterable[Operation]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of these operations."""
    operations = tuple(operations)
    shapes = {one.body for one in operations} | {one.reply for one in operations} | {Failure}
    known = sorted(
        (shape for shape in shapes if inspect.isclass(shape) and shape is not str), key=lambda one: one.__name__
    )
    schemas, components = msgspec.json.schema_components(known, ref_template=_REFERENCE)
    references: dict[Any, Any] = dict(zip(known, schemas, strict=True))
    references |= {str: {"type": "string"}, OPERATION.reply: {"type": "object"}}
    paths: dict[str, Any] = {}
    for one in operations:
        paths.setdefault(ROOT + one.path.replace("...", ""), {})[one.method.lower()] = _operation(one, references)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "REST API of an emulated appliance",
            "version": __version__,
            "description": _ABOUT,
        },
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _SCHEMES},
    }


_ABOUT: Final = (
    "Calls under /auth, /realm_auth, /system and /configuration are the product's as far as they are published; "
    "those under /license are the emulator's own."
)
_SCHEMES: Final = {
    "password": {"type": "http", "scheme": "basic", "description": "An administrator's name and password."},
    "api_key": {"type": "http", "scheme": "basic", "description": "An api_key as the user name, with no password."},
}


def _operation(one: Operation, references: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{one.method.lower()}{one.path}").strip("_"),
        "summary": one.summary,
        "tags": [one.path.split("/")[1]],
        "security": _security(one),
        "responses": {str(one.status): _answer(HTTPStatus(one.status).phrase, one.reply, references)},
    }
    for status in sorted(one.all_faults):
        described["responses"][str(int(status))] = _answer(HTTPStatus(status).phrase, Failure, references)
    parameters = [*_path_parameters(one), *_query_parameters(one)]
    if parameters:
        described["parameters"] = parameters
    if one.body is not None:
        described["requestBody"] = {"required": True, "content": _content(one.body, references)}
    return described


def _security(one: Operation) -> list[dict[str, list[str]]]:
    if one.path in {"/auth", "/realm_auth"} and one.public:
        return [{"password": []}]
    return [] if one.public else [{"api_key": []}]


def _content(shape: Any, references: dict[Any, Any]) -> dict[str, Any]:
    return {media_type(shape): {"schema": references[shape]}}


def _answer(phrase: str, shape: Any, references: dict[Any, Any]) -> dict[str, Any]:
    if shape is None:
        return {"description": phrase}
    return {"description": phrase, "content": _content(shape, references)}


def _path_parameters(one: Operation) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"\{([a-z-]+)", one.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _query_parameters(one: Operation) -> Iterable[dict[str, Any]]:
    if one.query is None:
        return
    _, components = msgspec.json.schema_components([one.query], ref_template=_REFERENCE)
    described = components[one.query.__name__]
    for name, schema in described["properties"].items():
        yield {"name": name, "in": "query", "required": name in described.get("required", ()), "schema": schema}
