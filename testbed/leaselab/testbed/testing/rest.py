"""A plain client of a device's REST API, for tests: what it refuses is an exception."""

import base64
import http.client
import json
import ssl
from typing import Any

from leaselab.testbed.lab import Lab

ANSWER_SECONDS = 60
"""Generous: a shared machine may be slow, and no test asserts a time."""


class RestError(Exception):
    """The API said no; ``status`` and ``message`` are its own."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class RestAnswer:
    """An answer as it came."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class Rest:
    """Somebody who calls the REST API of one node.

    Args:
        lab: the running lab.
        node: whose API.
        user: an api_key, or an administrator's name.
        password: empty with an api_key.
        network: which of the node's addresses is called.
    """

    def __init__(self, lab: Lab, node: str, *, user: str, password: str = "", network: str = "internal") -> None:
        self.key = user
        self._address = lab[node].address(network), lab[node].ports["https"]
        self._tls = ssl.create_default_context(cadata=lab.plan.authority_certificate)
        credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"authorization": f"Basic {credentials}"} if user else {}

    @classmethod
    def sign_in(cls, lab: Lab, node: str, name: str, password: str) -> "Rest":
        """Return a caller with an api_key of its own."""
        api_key: str = cls(lab, node, user=name, password=password).get("auth")["api_key"]
        return cls(lab, node, user=api_key)

    def get(self, path: str) -> Any:
        """Read a resource."""
        return self._call("GET", path, None)

    def post(self, path: str, body: Any) -> Any:
        """Make a resource, or have something done."""
        return self._call("POST", path, body)

    def put(self, path: str, body: Any) -> Any:
        """Change a resource."""
        return self._call("PUT", path, body)

    def delete(self, path: str) -> Any:
        """Remove a resource."""
        return self._call("DELETE", path, None)

    def try_(self, method: str, path: str, body: Any = None) -> RestAnswer:
        """Send a request and return whatever comes."""
        text = b"" if body is None else json.dumps(body).encode()
        return self.ask(method, f"/api/v1/{path}", text, **{"content-type": "application/json"})

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> RestAnswer:
        """Send a request for any address of the node, over a connection of its own."""
        connection = http.client.HTTPSConnection(*self._address, context=self._tls, timeout=ANSWER_SECONDS)
        try:
            connection.request(method, path, body or None, self._headers | headers)
            return RestAnswer(connection.getresponse())
        finally:
            connection.close()

    def _call(self, method: str, path: str, body: Any) -> Any:
        answer = self.try_(method, path, body)
        if answer.status >= http.client.BAD_REQUEST:
            raise RestError(answer.status, answer.json["result"]["errors"][0]["message"])
        return answer.json if answer.body else None
