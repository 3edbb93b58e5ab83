"""End users of gateways: real sign-ins and sign-outs over each gateway's own pages."""

import asyncio
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from leaselab.appliance.adapters.https.sessions import xsauth_of
from leaselab.appliance.adapters.wire.link import Answer, Link, StaleError
from leaselab.appliance.adapters.wire.tls import client_context
from leaselab.appliance.config import ApplianceConfig
from leaselab.testbed.errors import CallError, NodeFailedError
from leaselab.testbed.runtimes.protocol import RunningNode
from leaselab.testbed.views import UserRefusal, UsersOutcome

SIGN_IN: Final = "/dana-na/auth/url_default/login.cgi"
SIGN_OUT: Final = "/dana-na/auth/logout.cgi"
HOME: Final = "/dana/home/index.cgi"
REALM: Final = "Users"

MOST_USERS: Final = 100_000
"""At one gateway: four times what the largest platform admits. A slip of the finger must not be tried for hours."""

ANSWER_SECONDS: Final = 30.0
"""For one sign-in; a gateway may have to ask its license server first."""

_NAME: Final = re.compile(r"user([1-9]\d*)")


class SignIns:
    """Signs users ``user1`` to ``userN`` in and out.

    Args:
        authority: PEM of the certificates to trust.
    """

    def __init__(self, authority: str) -> None:
        self._authority = authority
        self._links: dict[str, Link] = {}

    async def set(self, config: ApplianceConfig, node: RunningNode, count: int) -> UsersOutcome:
        """Sign users in, the lowest numbers first, or out, the highest first, until ``count`` are on.

        Raises:
            CallError: ``count`` is below 0, or more than any gateway has.
            NodeFailedError: the gateway does not answer.
        """
        if not 0 <= count <= MOST_USERS:
            raise CallError(f"{config.name}: cannot have {count:,} users", hint=f"give 0 to {MOST_USERS:,}")
        sessions = (await node.request({"do": "sessions"}))["sessions"]
        refused: list[UserRefusal] = []
        signed_in = len(sessions)
        for session in sorted(sessions, key=last_on_first)[: max(0, signed_in - count)]:
            await self._sign_out(config, session["cookie"])
            signed_in -= 1
        taken = {session["user"] for session in sessions}
        missing = (user for number in range(1, count + 1) if (user := f"user{number}") not in taken)
        while signed_in + len(refused) < count:
            user = next(missing)
            why = await self._sign_in(config, user)
            if why:
                refused.append(UserRefusal(user=user, why=why))
            else:
                signed_in += 1
        return UsersOutcome(signed_in=signed_in, refused=tuple(refused))

    def close(self) -> None:
        """Hang up everywhere."""
        for link in self._links.values():
            link.close()
        self._links.clear()

    async def _sign_in(self, config: ApplianceConfig, user: str) -> str:
        """Sign one user in; return why it was refused, or an empty text."""
        form = urlencode({"username": user, "password": config.user_password, "realm": REALM})
        answer = await self._ask(
            config, f"POST {SIGN_IN} HTTP/1.1", {"content-type": "application/x-www-form-urlencoded"}, form
        )
        if answer.status == HTTPStatus.FOUND and HOME in answer.headers.get("location", ""):
            return ""
        return answer.headers.get("x-refused") or f"the sign-in page answered {answer.status}"

    async def _sign_out(self, config: ApplianceConfig, cookie: str) -> None:
        await self._ask(config, f"GET {SIGN_OUT}?xsauth={xsauth_of(cookie)} HTTP/1.1", {"cookie": f"DSID={cookie}"})

    async def _ask(self, config: ApplianceConfig, start: str, headers: Mapping[str, str], body: str = "") -> Answer:
        """Send one request to a gateway over a connection that is kept."""
        headers = {"host": config.addresses["internal"], "content-length": str(len(body)), **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = f"{start}\r\n{head}\r\n{body}".encode()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                kept = self._links.get(config.name)
                if kept and kept.open:
                    try:
                        return await kept.ask(request)
                    except StaleError:
                        pass  # the gateway closed it while it was idle
                return await (await self._connect(config)).ask(request)
        except (OSError, TimeoutError, StaleError) as error:
            raise NodeFailedError(
                f"{config.name} does not answer at {config.addresses['internal']}:{config.ports.https}: "
                f"{error or 'no answer in time'}",
                hint=f"`leaselab status` shows whether it is up, `leaselab logs {config.name}` what it says",
            ) from error

    async def _connect(self, config: ApplianceConfig) -> Link:
        _, link = await asyncio.get_running_loop().create_connection(
            Link,
            config.addresses["internal"],
            config.ports.https,
            ssl=client_context(self._authority, verify=True),
            server_hostname=config.name,
        )
        self._links[config.name] = link
        return link


def last_on_first(session: Mapping[str, Any]) -> tuple[int, int, str]:
    """Order for signing out: the highest of our numbers first; people who signed in by themselves last."""
    number = _NAME.fullmatch(session["user"])
    return (-int(number[1]) if number else 0, -session["since"], session["user"])
