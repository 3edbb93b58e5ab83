"""The console server: SSH sessions attached to a device's serial line (CON-03).

A session is nothing but a terminal on the line: no shell, no files, no forwarding. Whoever asks for those is told so in
words. asyncssh brings the protocol; echo and editing are the line's own (:mod:`leaselab.appliance.console.keyboard`).
"""

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final, Protocol

import asyncssh
from typing_extensions import override

from leaselab.appliance.adapters.wire.sockets import listening
from leaselab.appliance.config import Ssh

KEY_EXCHANGES: Final = ("curve25519-sha256", "curve25519-sha256@libssh.org", "diffie-hellman-group16-sha512")
CIPHERS: Final = (
    "chacha20-poly1305@openssh.com",
    "aes256-gcm@openssh.com",
    "aes128-gcm@openssh.com",
    "aes256-ctr",
    "aes128-ctr",
)
MACS: Final = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")
SIGNATURES: Final = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "rsa-sha2-512", "rsa-sha2-256")
"""What every client of the last ten years offers, and no SHA-1, CBC or DSA."""

LOGIN_SECONDS: Final = 30
KEEPALIVE_SECONDS: Final = 60
"""A client that is gone without a word is noticed after three of these."""

WRONG_PASSWORD_SECONDS: Final = 1.0
MAX_WRONG_PASSWORDS: Final = 6
"""What a guess costs, and how many a connection has; OpenSSH's server has as many tries."""

WINDOW_BYTES: Final = 64 * 1024
"""What a client may send before we have looked at it: a person types, a program pastes a page."""

STOP_SECONDS: Final = 2.0
"""What polite good-byes may take."""

_COMMON: Final[dict[str, Any]] = {
    "config": None,
    "kex_algs": KEY_EXCHANGES,
    "encryption_algs": CIPHERS,
    "mac_algs": MACS,
    "signature_algs": SIGNATURES,
    "compression_algs": None,
    "x509_trusted_certs": None,
    "host_based_auth": False,
    "kbdint_auth": False,
    "gss_host": None,  # the default looks the host's name up in the DNS, once a server
    "login_timeout": LOGIN_SECONDS,
    "keepalive_interval": KEEPALIVE_SECONDS,
    "line_editor": False,  # it scans all of Unicode for each session, and a shared line needs its own anyway
    "encoding": None,
    "window": WINDOW_BYTES,
    "agent_forwarding": False,
    "x11_forwarding": False,
}
"""Settings of every console server; asyncssh's own defaults read files and ask the DNS."""

_REFUSED: Final = 1
_NO_SUCH_THING: Final = (
    "This is a serial console: {wanted} is not offered. Connect without it to attach to the line.\r\n"
)


class Line(Protocol):
    """The serial line, as far as a session needs it."""

    def attach(self, terminal: "_Session") -> None:
        """Let a session see the line."""
        ...

    def detach(self, terminal: "_Session") -> None:
        """Forget a session."""
        ...

    def send(self, data: bytes) -> None:
        """Type something."""
        ...

    async def settled(self) -> None:
        """Return once all that was typed has been looked at."""
        ...


class ConsoleListenError(OSError):
    """The console server cannot open; the message says where, why and what to do."""


class SshConsole:
    """An SSH server for one serial line.

    Args:
        line: what sessions are attached to.
        settings: host key, authorized keys and users.

    Raises:
        ValueError: the host key or an authorized key cannot be read.
    """

    def __init__(self, line: Line, settings: Ssh) -> None:
        self._line = line
        self._users = dict(settings.users)
        try:
            self._host_key = asyncssh.import_private_key(settings.host_key)
            keys = [asyncssh.import_public_key(text) for text in settings.authorized_keys]
        except asyncssh.KeyImportError as error:
            raise ValueError(
                f"a key of the console server cannot be read: {error}; write it in OpenSSH's form"
            ) from error
        self._authorized = frozenset(key.public_data for key in keys)
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._acceptor: asyncssh.SSHAcceptor | None = None

    @property
    def port(self) -> int:
        """The port listened on; 0 when it does not listen."""
        return self._acceptor.get_port() if self._acceptor is not None else 0

    async def start(self, address: str, port: int) -> None:
        """Listen; port 0 takes a free one.

        Raises:
            ConsoleListenError: the address or port cannot be had.
        """
        try:
            self._acceptor = await asyncssh.listen(
                sock=listening(address, port),
                server_factory=self._server,
                server_host_keys=[self._host_key],
                password_auth=bool(self._users),
                public_key_auth=bool(self._authorized),
                **_COMMON,
            )
        except OSError as error:
            raise ConsoleListenError(
                f"the console cannot listen on {address}:{port}: {error.strerror or error}; "
                "free the port, or give the device another one"
            ) from error

    async def stop(self) -> None:
        """Listen no more, and say good-bye to whoever is connected."""
        closing = list(self._connections)
        self._close_acceptor()
        for connection in closing:
            connection.close()
        if closing:
            waiting = [asyncio.ensure_future(connection.wait_closed()) for connection in closing]
            await asyncio.wait(waiting, timeout=STOP_SECONDS)
            self.abort()
            await asyncio.gather(*waiting)

    def abort(self) -> None:
        """Drop everything at once."""
        self._close_acceptor()
        for connection in list(self._connections):
            connection.abort()

    def _close_acceptor(self) -> None:
        if self._acceptor is not None:
            self._acceptor.close()
            self._acceptor = None

    def _server(self) -> "_Server":
        return _Server(self._line, self._users, self._authorized, self._connections)


class _Server(asyncssh.SSHServer):
    """One connection."""

    def __init__(
        self,
        line: Line,
        users: Mapping[str, str],
        authorized: AbstractSet[bytes],
        connections: set[asyncssh.SSHServerConnection],
    ) -> None:
        self._line = line
        self._users = users
        self._authorized = authorized
        self._connections = connections
        self._connection: asyncssh.SSHServerConnection | None = None
        self._wrong_passwords = 0

    @override
    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._connections.add(conn)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._connection is not None:
            self._connections.discard(self._connection)

    @override
    def begin_auth(self, username: str) -> bool:
        return True

    @override
    def public_key_auth_supported(self) -> bool:
        return bool(self._authorized)

    @override
    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Take an authorized key under whatever name: a console server's users are all the same person."""
        return key.public_data in self._authorized

    @override
    def password_auth_supported(self) -> bool:
        return bool(self._users)

    @override
    async def validate_password(self, username: str, password: str) -> bool:
        """Compare in a time that tells nothing of the password, nor whether there is such a user; slow guessing down.

        Raises:
            asyncssh.DisconnectError: too many guesses on this connection.
        """
        known = self._users.get(username)
        wanted = known if known is not None else secrets.token_hex(16)
        if hmac.compare_digest(password.encode(), wanted.encode()) and known is not None:
            return True
        await asyncio.sleep(WRONG_PASSWORD_SECONDS)
        self._wrong_passwords += 1
        if self._wrong_passwords >= MAX_WRONG_PASSWORDS:
            raise asyncssh.PermissionDenied("too many wrong passwords")
        return False

    @override
    def session_requested(self) -> "_Session":
        return _Session(self._line)

    @override
    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        raise asyncssh.ChannelOpenError(
            asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED,
            _NO_SUCH_THING.format(wanted="port forwarding").strip(),
        )


class _Session(asyncssh.SSHServerSession[bytes]):
    """One terminal on the line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._channel: asyncssh.SSHServerChannel[bytes] | None = None
        self._refused = ""
        self._leaving: asyncio.Task[None] | None = None

    # --- as a Terminal of the line

    def write(self, data: bytes) -> None:
        """Pass on output; what comes after the client has hung up is lost."""
        if self._channel is not None and not self._channel.is_closing():
            self._channel.write(data)

    def backlog(self) -> int:
        """Return what waits for the client to open its window."""
        return self._channel.get_write_buffer_size() if self._channel is not None else 0

    def drop(self, reason: str) -> None:
        """Say why and hang up; on a client that takes no more output, with the message that ends a connection."""
        if self._channel is not None and self.backlog() > 0:
            self._channel.get_connection().disconnect(asyncssh.DISC_CONNECTION_LOST, reason)
        else:
            self._leave(f"\r\n[{reason}]\r\n", status=_REFUSED)

    # --- as a session of asyncssh

    @override
    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._line.detach(self)
        self._channel = None

    @override
    def pty_requested(
        self, term_type: str, term_size: tuple[int, int, int, int], term_modes: Mapping[int, int]
    ) -> bool:
        return True  # and nothing follows from it: the line is 80 columns to everybody

    @override
    def shell_requested(self) -> bool:
        return True

    @override
    def exec_requested(self, command: str) -> bool:
        self._refused = "running a command"
        return True  # so that there is a channel to say so on

    @override
    def subsystem_requested(self, subsystem: str) -> bool:
        self._refused = f"the subsystem {subsystem!r}"
        return True

    @override
    def session_started(self) -> None:
        if self._refused:
            self._leave(_NO_SUCH_THING.format(wanted=self._refused), status=_REFUSED)
        else:
            self._line.attach(self)

    @override
    def data_received(self, data: bytes, datatype: int | None) -> None:
        if not self._refused:
            self._line.send(data)

    @override
    def eof_received(self) -> bool:
        """Let a program that has sent its answers see what they lead to, then hang up."""
        if self._channel is not None and self._leaving is None and not self._refused:
            self._leaving = asyncio.get_running_loop().create_task(self._leave_when_settled())
        return True

    async def _leave_when_settled(self) -> None:
        await self._line.settled()
        self._leave("", status=0)

    def _leave(self, words: str, *, status: int) -> None:
        channel: Any = self._channel
        if channel is None or channel.is_closing():
            return
        if words:
            channel.write_stderr(words.encode())
        channel.exit(status)
