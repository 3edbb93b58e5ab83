"""What a guess at a console's password costs."""

from collections.abc import AsyncIterator
from typing import Any

import asyncssh
import pytest

from leaselab.appliance.adapters.ssh import MAX_WRONG_PASSWORDS, WRONG_PASSWORD_SECONDS, SshConsole
from leaselab.appliance.config import Ssh

HOST_KEY = asyncssh.generate_private_key("ssh-ed25519")


class FakeLine:
    """Nobody gets as far as the line."""

    def attach(self, terminal: Any) -> None:
        raise AssertionError(terminal)

    def detach(self, terminal: Any) -> None:
        """Nobody was attached."""

    def send(self, data: bytes) -> None:
        raise AssertionError(data)

    async def settled(self) -> None:
        """Nothing was typed."""


class Guesser(asyncssh.SSHClient):
    """Tries one password after the other."""

    def password_auth_requested(self) -> str:
        return "guess"


@pytest.fixture
async def console() -> AsyncIterator[SshConsole]:
    console = SshConsole(FakeLine(), Ssh(host_key=HOST_KEY.export_private_key().decode(), users={"operator": "secret"}))
    await console.start("127.0.0.1", 0)
    yield console
    await console.stop()


@pytest.mark.parametrize("user", ["operator", "nobody"])
async def test_a_wrong_password_is_waited_for_and_the_sixth_ends_the_connection(
    console: SshConsole, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    waited: list[float] = []

    async def wait(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("leaselab.appliance.adapters.ssh.asyncio.sleep", wait)

    with pytest.raises(asyncssh.PermissionDenied, match="too many wrong passwords"):
        await asyncssh.connect(
            "127.0.0.1",
            console.port,
            client_factory=Guesser,
            username=user,
            known_hosts=asyncssh.import_known_hosts(
                f"[127.0.0.1]:{console.port} {HOST_KEY.export_public_key().decode()}"
            ),
            client_keys=None,
            config=None,
            agent_path=None,
        )

    assert waited == [WRONG_PASSWORD_SECONDS] * MAX_WRONG_PASSWORDS
