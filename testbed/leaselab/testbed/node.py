"""One node of a lab, as tests and tools use it."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from leaselab.appliance.config import ConsoleFaults
from leaselab.appliance.licensing.views import LeaseRow, LicenseRow, Report
from leaselab.appliance.machine import Command
from leaselab.testbed.errors import CallError, RefusedError
from leaselab.testbed.hostline import Line
from leaselab.testbed.views import NodeStatus, UsersOutcome

if TYPE_CHECKING:
    from leaselab.testbed.console_driver import ConsoleDriver


class Users:
    """The end users signed in at one gateway: ``user1`` to ``userN``, over the gateway's own sign-in."""

    def __init__(self, node: str, line: Line) -> None:
        self._node = node
        self._line = line

    @property
    def count(self) -> int:
        """How many sessions the gateway has."""
        return len(self._line.call("node", node=self._node, request={"do": "sessions"})["sessions"])

    def set(self, count: int) -> UsersOutcome:
        """Sign users in or out until ``count`` are on, or until the gateway refuses; say who was refused."""
        return msgspec.convert(self._line.call("users", node=self._node, count=count), UsersOutcome)


class Node:
    """A gateway, a license server, or the vendor's cloud.

    Args:
        name: in the lab.
        line: to the lab's host.
        keys: the folder with the console key.
    """

    def __init__(self, name: str, line: Line, keys: Path) -> None:
        self.name = name
        self.users = Users(name, line)
        self._line = line
        self._keys = keys

    def __repr__(self) -> str:
        """Return the node's name and kind."""
        return f"<Node {self.name} ({self.kind})>"

    @cached_property
    def kind(self) -> str:
        """E.g. ``psa3000``, or ``cloud``."""
        return self.status().kind

    @cached_property
    def ports(self) -> dict[str, int]:
        """TCP ports by service: ``ssh``, ``https``, ``metrics``."""
        return self.status().ports

    @property
    def phase(self) -> str:
        """``off``, ``booting``, ``wizard``, ``ready`` or ``halted``."""
        return self.status().phase

    @cached_property
    def admin_url(self) -> str:
        """Where a browser finds the admin pages."""
        return self.status().admin_url

    @cached_property
    def metrics_url(self) -> str:
        """Where Prometheus scrapes."""
        return self.status().metrics_url

    @cached_property
    def console(self) -> "ConsoleDriver":
        """The serial line, over SSH; attached at the first use, left when the node goes off or the lab is closed."""
        from leaselab.testbed.console_driver import ConsoleDriver

        return ConsoleDriver(self.name, self.address("internal"), self.ports["ssh"], key=self._keys / "id_ed25519")

    def console_faults(self, **faults: bool | int) -> ConsoleFaults:
        """Let things go wrong on the console, in place of what went wrong before; without arguments, nothing.

        They last until they are changed, or the node restarts: then it has those of the file again.

        Args:
            faults: as of :class:`ConsoleFaults`: ``lost_prompts``, ``split_bytes``, ``banner_delay_milliseconds``,
                ``echo_delay_milliseconds``.

        Raises:
            LeaselabError: there is no such fault, or it cannot be that large.
        """
        answer = self.request({"do": "console-faults", "faults": faults})
        return msgspec.convert(answer["faults"], ConsoleFaults)

    @property
    def licenses(self) -> tuple[LicenseRow, ...]:
        """The licenses installed."""
        return self.report().licenses

    @property
    def leases(self) -> tuple[LeaseRow, ...]:
        """The leases held; on a license server, those of all its clients."""
        return self.report().leases

    def status(self) -> NodeStatus:
        """Return phase, addresses and what the node waits for."""
        return msgspec.convert(self._line.call("node_status", node=self.name), NodeStatus)

    def address(self, network: str = "internal") -> str:
        """Return the node's address on a network.

        Raises:
            CallError: it is not on that network.
        """
        addresses = self.status().addresses
        if network not in addresses:
            raise CallError(f"{self.name} is not on network {network!r}", hint=f"it is on {', '.join(addresses)}")
        return addresses[network]

    def report(self) -> Report:
        """Return everything the appliance shows of itself.

        Raises:
            LeaselabError: the node is off.
        """
        return msgspec.convert(self.request({"do": "report"}), Report)

    def leased(self, feature: str) -> int:
        """Return the units of a feature that are leased: by this gateway, or from this server."""
        counts = self.report().features.get(feature)
        return counts.leased if counts else 0

    def limit(self, feature: str) -> int:
        """Return how many may use a feature at once (ENF-03)."""
        counts = self.report().features.get(feature)
        return counts.limit if counts else 0

    def command(self, command: Command) -> Any:
        """Have the appliance decide a command; return its reply as plain data.

        Raises:
            RefusedError: the appliance refuses; the message is its own.
        """
        answer = self.request({"do": "command", "command": msgspec.to_builtins(command)})
        if answer["refused"]:
            raise RefusedError(f"{self.name}: {answer['refused']['message']}")
        return answer["reply"]

    def request(self, request: dict[str, Any]) -> Any:
        """Send a request over the node's control channel (docs/architecture.md, "A node from outside")."""
        return self._line.call("node", node=self.name, request=request)

    def screen(self) -> str:
        """Return the recent output of the serial line, without attaching to it; empty for the vendor's cloud."""
        text: str = self.request({"do": "screen"})["text"]
        return text.rstrip()

    def type(self, text: str) -> None:
        """Type on the serial line, as one who is attached to it does; Enter is a carriage return."""
        self.request({"do": "type", "text": text})

    def history(self, after: int = 0) -> list[tuple[int, int, dict[str, Any]]]:
        """Return number, instant and content of each event later than number ``after``."""
        return [(n, at, event) for n, at, event in self.request({"do": "history", "after": after})["events"]]

    def start(self) -> None:
        """Switch it on; returns when it is ready or waits at a console prompt."""
        self._line.call("start", node=self.name)

    def stop(self) -> None:
        """Shut it down in good order; it keeps its state."""
        self._line.call("stop", node=self.name)
        self.close()

    def restart(self) -> None:
        """Shut it down and switch it on."""
        self._line.call("restart", node=self.name)
        self.close()

    def upgrade(self, release: str) -> None:
        """Shut it down and switch it on with another release (ENF-07); a later `up` goes by its file again.

        Raises:
            CallError: there is no such release, or the node has none.
        """
        self._line.call("upgrade", node=self.name, release=release)
        self.close()

    def kill(self) -> None:
        """Cut its power: no good order, and what it had not acknowledged is lost."""
        self._line.call("kill", node=self.name)
        self.close()

    def reset(self) -> None:
        """Reset it to factory state and start it; it keeps its hardware ID (CON-05)."""
        self._line.call("reset", node=self.name)
        self.close()

    def close(self) -> None:
        """Leave the console, if it was attached."""
        console = self.__dict__.pop("console", None)
        if console is not None:
            console.close()
