"""The fast path: from bytes to message and back, against a device that repeats what it is given."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from leaselab.appliance.adapters.https import protocol
from leaselab.appliance.adapters.https.context import NodeContext
from leaselab.appliance.adapters.wire.http1 import Connection, Request, Response
from leaselab.appliance.licensing.messages import Denied, Renew
from leaselab.appliance.machine import Refusal

RENEW = b'{"type":"renew","client_id":"GW1","hardware_id":"H","sent_at":1,"request_id":"r1","source":"1.2.3.4"}'


class FakeDevice:
    """Answers each message with what the test wants, and keeps what it got."""

    def __init__(self, reply: Any = None) -> None:
        self.reply = reply
        self.served: list[tuple[Any, str]] = []
        self.observed: list[int] = []
        self.clock = SimpleNamespace(observe=self.observed.append)

    async def serve(self, message: Any, *, store_id: str = "") -> Any:
        self.served.append((message, store_id))
        return self.reply


async def ask(device: FakeDevice, body: bytes, *, method: bytes = b"POST", **headers: str) -> Response:
    request = Request()
    request.method, request.target, request.body = method, b"/licensing/v1/renew", body
    request.headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    context = SimpleNamespace(
        config=SimpleNamespace(peer_secret="lab"), device=device, observe_request=lambda _verb, _seconds: None
    )
    peer = SimpleNamespace(peer=("127.0.0.9", 50_000))
    return await protocol.answer(cast("NodeContext", context), request, cast("Connection", peer))


async def test_where_a_message_came_from_is_what_the_connection_says() -> None:
    device = FakeDevice(reply=Refusal("halted", "halted"))

    await ask(device, RENEW, x_leaselab_store="s1")

    message, store_id = device.served[0]
    assert message == Renew(client_id="GW1", hardware_id="H", sent_at=1, request_id="r1", source="127.0.0.9")
    assert store_id == "s1"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"type":"lease"}', RENEW.replace(b"GW1", b"\xff"), RENEW[:-1] + b',"more":' + b"[" * 100_000],
    ids=["nothing", "cut off", "a list", "another verb", "not UTF-8", "nested without end"],
)
async def test_what_is_no_message_is_answered_400_and_reaches_no_device(body: bytes) -> None:
    device = FakeDevice()

    answer = await ask(device, body)

    assert answer.status == 400
    assert json.loads(answer.body)["reason"] == "malformed"
    assert device.served == []


async def test_another_method_than_post_is_answered_405() -> None:
    assert (await ask(FakeDevice(), RENEW, method=b"GET")).status == 405


@pytest.mark.rule("SRV-10")
@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Denied(reason="credentials", message="m"), 401),
        (Denied(reason="unregistered", message="m"), 409),
        (Denied(reason="platform", message="m"), 403),
        (Refusal("not-a-server", "m"), 403),
    ],
)
async def test_a_refusal_is_a_denial_with_its_status(reply: Any, status: int) -> None:
    answer = await ask(FakeDevice(reply), RENEW)

    assert answer.status == status
    assert json.loads(answer.body) == {"type": "denied", "reason": reply.reason, "message": "m"}


async def test_the_clock_is_moved_by_a_peer_of_the_lab_only() -> None:
    device = FakeDevice(reply=Refusal("r", "m"))

    await ask(device, RENEW, x_virtual_time="7")
    await ask(device, RENEW, x_virtual_time="8", x_leaselab_peer="wrong")
    await ask(device, RENEW, x_virtual_time="9", x_leaselab_peer="lab")

    assert device.observed == [9]
