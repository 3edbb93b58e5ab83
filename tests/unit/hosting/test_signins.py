"""End users over a gateway's own pages, with a gateway that answers as it is told."""

import contextlib
from collections.abc import AsyncIterator
from urllib.parse import parse_qs

import pytest

from leaselab.appliance.adapters.https.sessions import xsauth_of
from leaselab.appliance.adapters.wire.http1 import Connection, Request, Response
from leaselab.appliance.adapters.wire.listener import Listener
from leaselab.appliance.adapters.wire.tls import server_context
from leaselab.appliance.config import ApplianceConfig, Ports, Ssh
from leaselab.testbed.errors import CallError, NodeFailedError
from leaselab.testbed.hosting.signins import HOME, MOST_USERS, SIGN_IN, SIGN_OUT, SignIns
from leaselab.testbed.testing.puppets import Puppet
from leaselab.testbed.topology.credentials import Credentials
from leaselab.testbed.views import UserRefusal, UsersOutcome

ADDRESS = "127.0.0.1"
CREDENTIALS = Credentials("signins", "ab" * 32)


class Gateway(Puppet):
    """A door with room for so many; who is on is known to it, and to whom it may be asked over its control channel."""

    def __init__(self, *, room: int = 10) -> None:
        super().__init__()
        self.room = room
        self.cookies: dict[str, str] = {}
        self.visits: list[str] = []
        self.connections: set[Connection] = set()
        self.answer_always: Response | None = None
        self.answers["sessions"] = lambda _request: {
            "sessions": [
                {"user": user, "cookie": cookie, "since": since}
                for since, (user, cookie) in enumerate(self.cookies.items())
            ]
        }

    async def answer(self, request: Request, connection: Connection) -> Response:
        self.connections.add(connection)
        path, _, query = request.target.decode().partition("?")
        if self.answer_always is not None:
            return self.answer_always
        if path == SIGN_OUT:
            return self._sign_out(request.header(b"cookie").decode().removeprefix("DSID="), query)
        assert path == SIGN_IN
        return self._sign_in(parse_qs(request.body.decode()))

    def _sign_in(self, form: dict[str, list[str]]) -> Response:
        (user,), (password,), (realm,) = form["username"], form["password"], form["realm"]
        assert (password, realm) == ("user-secret", "Users")
        self.visits.append(f"+{user}")
        if len(self.cookies) >= self.room:
            return Response(302, b"", b"location: /dana-na/auth/welcome.cgi\r\nx-refused: it is full\r\n")
        self.cookies[user] = f"cookie of {user}"
        return Response(302, b"", f"location: {HOME}\r\n".encode())

    def _sign_out(self, cookie: str, query: str) -> Response:
        assert query == f"xsauth={xsauth_of(cookie)}"
        (user,) = (user for user, known in self.cookies.items() if known == cookie)
        self.visits.append(f"-{user}")
        del self.cookies[user]
        return Response(302, b"", b"location: /dana-na/auth/welcome.cgi\r\n")


class Door:
    """Sign-ins at one gateway."""

    def __init__(self, gateway: Gateway, sign_ins: SignIns, port: int) -> None:
        self.gateway = gateway
        self.sign_ins = sign_ins
        self.config = ApplianceConfig(
            name="gw1",
            kind="psa3000",
            personality="pcs",
            release="8.3R1",
            hardware_id="0123456789ABCDEF",
            serial_number="1",
            addresses={"internal": ADDRESS},
            ports=Ports(ssh=0, https=port, metrics=0),
            hosts={},
            tls=CREDENTIALS.tls("gw1", names=["gw1"], addresses=[ADDRESS]),
            ssh=Ssh(host_key=""),
            authority_key="",
            user_password="user-secret",
            seed="s",
        )

    async def set(self, count: int) -> UsersOutcome:
        return await self.sign_ins.set(self.config, self.gateway, count)


@contextlib.asynccontextmanager
async def opened(gateway: Gateway) -> AsyncIterator[Door]:
    listener = Listener(gateway.answer)
    context = server_context(CREDENTIALS.tls("gw1", names=["gw1"], addresses=[ADDRESS]))
    await listener.open([ADDRESS], 0, tls=context)
    sign_ins = SignIns(CREDENTIALS.authority_certificate)
    try:
        yield Door(gateway, sign_ins, listener.ports[0])
    finally:
        sign_ins.close()
        await listener.close()


async def test_users_sign_in_the_lowest_numbers_first_and_out_the_highest_first() -> None:
    async with opened(Gateway()) as door:
        assert await door.set(3) == UsersOutcome(signed_in=3)
        assert await door.set(1) == UsersOutcome(signed_in=1)
        assert await door.set(1) == UsersOutcome(signed_in=1)
        assert await door.set(2) == UsersOutcome(signed_in=2)

    assert door.gateway.visits == ["+user1", "+user2", "+user3", "-user3", "-user2", "+user2"]


@pytest.mark.parametrize("count", [-1, MOST_USERS + 1])
async def test_a_number_of_users_that_no_gateway_has_is_refused_before_anybody_is_asked(count: int) -> None:
    async with opened(Gateway()) as door:
        with pytest.raises(CallError, match=f"gw1: cannot have {count:,} users"):
            await door.set(count)

    assert door.gateway.visits == []


async def test_all_goes_over_one_connection_that_is_kept() -> None:
    async with opened(Gateway()) as door:
        await door.set(3)
        await door.set(0)

    assert len(door.gateway.connections) == 1


async def test_a_connection_that_was_closed_meanwhile_is_made_anew() -> None:
    async with opened(Gateway()) as door:
        await door.set(1)
        next(iter(door.gateway.connections)).cut()

        assert await door.set(2) == UsersOutcome(signed_in=2)

    assert len(door.gateway.connections) == 2


async def test_who_is_refused_is_named_with_the_gateways_own_reason() -> None:
    async with opened(Gateway(room=2)) as door:
        outcome = await door.set(4)

    assert outcome.signed_in == 2
    assert outcome.refused == (UserRefusal("user3", "it is full"), UserRefusal("user4", "it is full"))


async def test_people_who_signed_in_by_themselves_count_and_leave_last() -> None:
    gateway = Gateway()
    gateway.cookies["anna"] = "cookie of anna"
    async with opened(gateway) as door:
        assert await door.set(3) == UsersOutcome(signed_in=3)
        assert gateway.visits == ["+user1", "+user2"]
        await door.set(1)

    assert list(gateway.cookies) == ["anna"]


async def test_a_page_that_is_no_answer_to_a_sign_in_is_named_by_its_status() -> None:
    gateway = Gateway()
    gateway.answer_always = Response(503, b"")
    async with opened(gateway) as door:
        outcome = await door.set(1)

    assert outcome == UsersOutcome(signed_in=0, refused=(UserRefusal("user1", "the sign-in page answered 503"),))


async def test_a_gateway_that_does_not_answer_is_named_with_its_address() -> None:
    async with opened(Gateway()) as door:
        pass  # and closed

    with pytest.raises(NodeFailedError, match=f"gw1 does not answer at {ADDRESS}:"):
        await door.set(1)


async def test_a_certificate_of_another_authority_is_no_gateways() -> None:
    async with opened(Gateway()) as door:
        stranger = SignIns(Credentials("another", "cd" * 32).authority_certificate)
        with contextlib.closing(stranger), pytest.raises(NodeFailedError, match="CERTIFICATE_VERIFY_FAILED"):
            await stranger.set(door.config, door.gateway, 1)

    assert door.gateway.visits == []
