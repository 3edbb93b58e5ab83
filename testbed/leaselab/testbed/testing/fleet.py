"""A fleet without sockets or disk: real machines and devices, a network of function calls, a clock in one's hand.

For tests of rules that take more than one device. Everything is deterministic and synchronous; the devices are the
ones that labs run, on the network, clock and store of :mod:`leaselab.testbed.simulation`.

    fleet = Fleet()
    server = fleet.appliance("vls1", kind="va-spe", virtual_license_server=True)
    …
    fleet.advance(days=10)
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Self

from leaselab.appliance.cloud.center import CloudState
from leaselab.appliance.config import ApplianceConfig, AuthCode, CloudConfig, Ports, Ssh, Tls
from leaselab.appliance.device import Device
from leaselab.appliance.instants import Duration, Instant, parse_instant
from leaselab.appliance.licensing import commands
from leaselab.appliance.licensing.appliance import initial_state
from leaselab.appliance.licensing.keys import authority_pair, mint_key
from leaselab.appliance.licensing.report import report
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.licensing.views import Report
from leaselab.appliance.machine import Command, Refusal
from leaselab.testbed.simulation.stores import MemoryStore
from leaselab.testbed.simulation.world import HandClock, World, settled

__all__ = ["CLIENT_PASSWORD", "Fleet", "HandClock", "MemoryStore", "settled"]

CLIENT_PASSWORD = "secret1"  # noqa: S105 - every client of every fleet has it; a fleet has no door to the world

NOWHERE = Ports(ssh=22, https=443, metrics=9100)


class Fleet:
    """Devices that reach each other by function call.

    Args:
        start: the first instant.
        seed: of identities and keys.
        cloud: the name by which appliances know the vendor's side; empty where there is none.
    """

    def __init__(self, *, start: str = "2018-01-01T00:00:00Z", seed: str = "fleet", cloud: str = "cloud") -> None:
        self.world = World(parse_instant(start))
        self.network = self.world.network
        self.clock = self.world.clock
        self.store = self.world.store
        self.devices = self.world.devices
        self.cuts = self.network.cuts
        """Pairs ``(from, to)`` between which nothing gets through, in this direction."""
        self.lost_replies = self.network.lost_replies
        """Pairs whose requests arrive and whose replies do not."""
        self._private, public = authority_pair(seed.encode())
        self._public = public.hex()
        self._seed = seed
        self._cloud = cloud
        self._minted = 0

    @classmethod
    def pair(cls, *licenses: str, reserved: int, increment: int, maximum: int) -> Self:
        """Return a fleet of a license server and its client ``GW1``."""
        fleet = cls()
        fleet.license_server(licenses=licenses, kind="psa5000")
        fleet.client("GW1", reserved=reserved, increment=increment, maximum=maximum)
        return fleet

    # --- making devices ---

    def cloud(self, auth_codes: Mapping[str, list[str] | AuthCode], *, name: str = "cloud") -> Device[CloudState]:
        """Add the vendor's side: codes and what they entitle to, or just its SKUs."""
        config = CloudConfig(
            name=name,
            addresses={},
            ports=NOWHERE,
            hosts={},
            tls=Tls(certificate="", key="", authority=""),
            authority_key=self._private.hex(),
            auth_codes={
                code: one if isinstance(one, AuthCode) else AuthCode(licenses=tuple(one))
                for code, one in auth_codes.items()
            },
            seed=self._seed,
        )
        return self.world.switch_on(config)

    def appliance(
        self,
        name: str,
        *,
        kind: str = "psa3000",
        personality: str = "pcs",
        release: str = "8.3R1",
        virtual_license_server: bool = False,
        accept: bool = True,
        maximum_users: int | None = None,
    ) -> Device[ApplianceState]:
        """Add an appliance and take it through first boot."""
        config = ApplianceConfig(
            name=name,
            kind=kind,
            personality=personality,
            release=release,
            hardware_id=hashlib.blake2b(f"{self._seed}/{name}".encode(), digest_size=8).hexdigest().upper(),
            serial_number="0271000000000001",
            addresses={},
            ports=NOWHERE,
            hosts={},
            tls=Tls(certificate="", key="", authority=""),
            ssh=Ssh(host_key=""),
            authority_key=self._public,
            user_password="",
            seed=self._seed,
            cloud=self._cloud,
            maximum_users=maximum_users,
        )
        device = self.world.switch_on(config)
        if accept:
            self.do(name, commands.AcceptAgreement())
            if virtual_license_server:
                self.do(name, commands.ChooseMode(virtual_license_server=True))
            self.do(name, commands.FinishFirstBoot())
        return device

    def license_server(self, name: str = "server", *, licenses: Iterable[str], **about: Any) -> Device[ApplianceState]:
        """Add an appliance, give it licenses, and make it a license server."""
        device = self.appliance(name, **about)
        self.install(name, *licenses)
        self.license_role(name)
        return device

    def license_role(self, name: str) -> None:
        """Check the box that makes an appliance a license server."""
        self.do(name, commands.SetServerRole(enabled=True))

    def clone(self, name: str, copy: str, *, hardware_id: str = "") -> Device[Any]:
        """Copy a virtual machine with all that it holds; both go on from here (VLS-09).

        ``hardware_id`` is the clone's; by default it is the original's.
        """
        return self.world.clone(name, copy, hardware_id=hardware_id)

    def client(
        self,
        name: str,
        *,
        reserved: int,
        increment: int,
        maximum: int,
        server: str = "server",
        feature: str = commands.CONCURRENT_USERS,
        expires_at: Instant | None = None,
        **about: Any,
    ) -> Device[ApplianceState]:
        """Add an appliance with a record of its own name on the server, and connect it."""
        device = self.appliance(name, **about)
        state = self.factory_state(name)
        record = commands.SaveClient(
            id=name,
            password=CLIENT_PASSWORD,
            password_again=CLIENT_PASSWORD,
            platform=state.kind,
            product=state.personality,
            allocations={feature: commands.Allocation(reserved=reserved, increment=increment, maximum=maximum)},
            expires_at=expires_at,
        )
        self.do(server, record)
        self.connect(name, server)
        return device

    def change(self, name: str, allocations: dict[str, commands.Allocation]) -> commands.SaveClient:
        """Return the command with which an admin of its server changes what a client may have."""
        state = self.factory_state(name)
        return commands.SaveClient(
            id=name,
            password="",
            password_again="",
            platform=state.kind,
            product=state.personality,
            allocations=allocations,
            new=False,
        )

    def cluster(self, cluster: str, *names: str, heartbeat: Duration = 0) -> None:
        """Make appliances the nodes of a cluster, the first of them its leader."""
        for name in names:
            self.do(name, commands.JoinCluster(name=cluster, members=names, heartbeat=heartbeat))
        self.advance(seconds=0)

    def connect(self, name: str, server: str, *, password: str = CLIENT_PASSWORD) -> None:
        """Point a device at its license server."""
        self.do(name, commands.SetServer(server=server, client_id=name, password=password, password_again=password))

    def install(self, name: str, *skus: str) -> tuple[commands.KeyOutcome, ...]:
        """Mint keys for a device and enter them; return what became of each."""
        outcomes: tuple[commands.KeyOutcome, ...] = self.do(
            name, commands.AddKeys(keys=tuple(self.mint(name, sku) for sku in skus))
        )
        return outcomes

    def mint(self, name: str, sku: str, *, starts_on: date | None = None) -> str:
        """Return a key for a device; its term begins on the day it is installed, unless another is given."""
        self._minted += 1
        hardware_id = self.devices[name].state.hardware_id
        return mint_key(sku, hardware_id, f"SN{self._minted:05}", starts_on, None, self._private)

    # --- acting ---

    def ask(self, name: str, command: Command) -> Any:
        """Give a device a command; return its reply or the refusal."""
        return self.world.ask(name, command)

    def do(self, name: str, command: Command) -> Any:
        """Give a device a command that must not be refused.

        Raises:
            AssertionError: it was refused; the message says why.
        """
        reply = self.ask(name, command)
        if isinstance(reply, Refusal):
            raise AssertionError(f"{name} refused {type(command).__name__}: {reply}")  # noqa: TRY004 - a test's failure
        return reply

    def sign_in(self, name: str, count: int, *, feature: str = commands.CONCURRENT_USERS) -> list[Refusal]:
        """Sign in that many more users; return the refusals."""
        state = self.devices[name].state
        first = state.counters.get("sign_ins", 0) + 1
        replies = [
            self.ask(name, commands.SignIn(user=f"user{number}", source="10.0.0.1", feature=feature))
            for number in range(first, first + count)
        ]
        return [reply for reply in replies if isinstance(reply, Refusal)]

    def sign_out(self, name: str, count: int) -> None:
        """Sign out that many users, those who came first before the others."""
        for session in list(self.devices[name].state.sessions)[:count]:
            self.do(name, commands.SignOut(session=session))

    def advance(self, **delta: float) -> None:
        """Let time pass: every device does what is due, in order of time and name."""
        self.world.run(self.clock.now() + timedelta(**delta) // timedelta(milliseconds=1))

    def restart(self, name: str) -> None:
        """Switch a device off without warning and on again: only its history survives."""
        self.world.restart(name)

    def upgrade(self, name: str, release: str) -> None:
        """Restart a device with other software (ENF-07)."""
        self.world.restart(name, release=release)

    # --- looking ---

    def report(self, name: str) -> Report:
        """Return what can be seen of an appliance."""
        return report(self.devices[name].state, self.world.now(name))

    def leased(self, name: str, feature: str = commands.CONCURRENT_USERS) -> int:
        """Return the units a client holds."""
        return self.report(name).features[feature].leased

    def available(self, name: str = "server", feature: str = commands.CONCURRENT_USERS) -> int:
        """Return what a server could still promise."""
        return self.report(name).features[feature].available

    def factory_state(self, name: str) -> ApplianceState:
        """Return an appliance's state before its first event, to replay its history on."""
        config = self.world.config(name)
        if isinstance(config, CloudConfig):
            raise TypeError(f"{name} is the vendor's cloud, not an appliance")
        return initial_state(config)
