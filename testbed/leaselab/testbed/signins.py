"""End users of gateways: real sign-ins and sign-outs over each gateway's own pages."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from leaselab.appliance.adapters.wire.tls import client_context
from leaselab.appliance.config import ApplianceConfig
from leaselab.testbed.errors import CallError, NodeFailedError
from leaselab.testbed.runtimes.protocol import RunningNode
from leaselab.testbed.views import UserRefusal, UsersOutcome

if TYPE_CHECKING:
    import aiohttp

SIGN_IN: Final = "/dana-na/auth/url_default/login.cgi"
SIGN_OUT: Final = "/dana-na/auth/logout.cgi"
HOME: Final = "/dana/home/index.cgi"
REALM: Final = "Users"

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
        self._http: aiohttp.ClientSession | None = None

    async def set(self, config: ApplianceConfig, node: RunningNode, count: int) -> UsersOutcome:
        """Sign users in, the lowest numbers first, or out, the highest first, until ``count`` are on.

        Raises:
            CallError: ``count`` is below 0.
            NodeFailedError: the gateway does not answer.
        """
        if count < 0:
            raise CallError(f"{config.name}: cannot have {count} users", hint="give 0 or more")
        sessions = (await node.request({"do": "sessions"}))["sessions"]
        refused: list[UserRefusal] = []
        signed_in = len(sessions)
        for session in sorted(sessions, key=_last_on_first)[: max(0, signed_in - count)]:
            await self._sign_out(config, session["id"])
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

    async def close(self) -> None:
        """Close the kept connections."""
        if self._http:
            await self._http.close()
            self._http = None

    async def _sign_in(self, config: ApplianceConfig, user: str) -> str:
        """Sign one user in; return why it was refused, or an empty text."""
        form = {"username": user, "password": config.user_password, "realm": REALM}
        status, headers = await self._ask(config, "POST", SIGN_IN, data=form)
        if status == HTTPStatus.FOUND and HOME in headers.get("Location", ""):
            return ""
        return headers.get("X-Refused") or f"the sign-in page answered {status}"

    async def _sign_out(self, config: ApplianceConfig, session: str) -> None:
        await self._ask(config, "GET", SIGN_OUT, headers={"Cookie": f"DSID={session}"})

    async def _ask(self, config: ApplianceConfig, method: str, path: str, **more: Any) -> tuple[int, Mapping[str, str]]:
        """Send one request to a gateway; return status and headers."""
        http = self._session()
        url = f"https://{config.addresses['internal']}:{config.ports.https}{path}"
        tls = client_context(self._authority, verify=True)
        try:
            async with http.request(
                method, url, ssl=tls, server_hostname=config.name, allow_redirects=False, **more
            ) as answer:
                await answer.read()
                return answer.status, answer.headers
        except (OSError, TimeoutError, ValueError) as error:
            raise NodeFailedError(
                f"{config.name} does not answer at {url}: {error or 'no answer in time'}",
                hint=f"`leaselab status` shows whether it is up, `leaselab logs {config.name}` what it says",
            ) from error

    def _session(self) -> "aiohttp.ClientSession":
        if self._http is None:
            import aiohttp  # not before somebody signs in: a process lab without users never needs it

            self._http = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)
            )
        return self._http


def _last_on_first(session: Mapping[str, Any]) -> tuple[int, int, str]:
    """Order for signing out: the highest of our numbers first; people who signed in by themselves last."""
    number = _NAME.fullmatch(session["user"])
    return (-int(number[1]) if number else 0, -session["since"], session["user"])
