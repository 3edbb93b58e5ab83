"""A fleet without sockets or disk: real machines and devices, a network of function calls, a clock in one's hand.

For tests of rules that take more than one device. Everything is deterministic and synchronous; the devices are the
ones that labs run, only the ports are fakes.

    fleet = Fleet()
    server = fleet.appliance("vls1", kind="va-spe", virtual_license_server=True)
    …
    fleet.advance(days=10)
"""

import hashlib
from collections.abc import Coroutine, Iterable, Iterator
from datetime import timedelta
from typing import Any, TypeVar

import msgspec

from leaselab.appliance.cloud.center import CloudMachine, CloudState, initial_cloud_state
from leaselab.appliance.config import ApplianceConfig, AuthCode, CloudConfig, Ports, Ssh, Tls
from leaselab.appliance.device import Device
from leaselab.appliance.instants import NEVER, Duration, Instant, parse_instant
from leaselab.appliance.licensing import commands
from leaselab.appliance.licensing.appliance import ApplianceMachine, initial_state
from leaselab.appliance.licensing.keys import authority_pair, mint_key
from leaselab.appliance.licensing.messages import ROUTES, Denied
from leaselab.appliance.licensing.report import report
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.licensing.views import Report
from leaselab.appliance.machine import Command, Envelope, Refusal, Settle

T = TypeVar("T")

CLIENT_PASSWORD = "secret1"  # noqa: S105 - every client of every fleet has it; a fleet has no door to the world

NOWHERE = Ports(ssh=22, https=443, metrics=9100)


def settled(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never really waits, without an event loop.

    Raises:
        RuntimeError: it waited after all: some port is not a fake.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        value: T = done.value
        return value
    coroutine.close()
    raise RuntimeError("a device of a fleet waited for something; its ports must answer at once")


class MemoryStore:
    """A store that forgets with the process."""

    def __init__(self) -> None:
        self.id = "memory"
        self._snapshots: dict[str, tuple[int, bytes]] = {}
        self._events: dict[str, list[tuple[int, Instant, bytes]]] = {}
        self._number = 0

    def load(self, device: str) -> tuple[bytes | None, Iterable[tuple[Instant, bytes]]]:
        """Return the latest snapshot, if any, and the events after it."""
        number, state = self._snapshots.get(device, (0, None))
        return state, [(at, body) for _, at, body in self.history(device, number)]

    def append(self, device: str, at: Instant, events: list[bytes]) -> None:
        """Add events."""
        kept = self._events.setdefault(device, [])
        for body in events:
            self._number += 1
            kept.append((self._number, at, body))

    def snapshot(self, device: str, state: bytes) -> None:
        """Keep the whole state."""
        self._snapshots[device] = (self._number, state)

    def history(self, device: str, after: int = 0) -> Iterator[tuple[int, Instant, bytes]]:
        """Return the events later than number ``after``."""
        return (row for row in self._events.get(device, []) if row[0] > after)

    def erase(self, device: str) -> None:
        """Forget a device."""
        self._events.pop(device, None)
        self._snapshots.pop(device, None)

    async def durable(self) -> None:
        """Return at once: memory is all there is."""


class HandClock:
    """A clock that stands until it is moved."""

    def __init__(self, now: Instant) -> None:
        self._now = now

    def now(self) -> Instant:
        """Return the present instant."""
        return self._now

    def observe(self, instant: Instant) -> None:
        """Move on, never back."""
        self._now = max(self._now, instant)


class Fleet:
    """Devices that reach each other by function call.

    Args:
        start: the first instant.
        seed: of identities and keys.
        cloud: the name by which appliances know the vendor's side; empty where there is none.
    """

    def __init__(self, *, start: str = "2018-01-01T00:00:00Z", seed: str = "fleet", cloud: str = "cloud") -> None:
        self.clock = HandClock(parse_instant(start))
        self.store = MemoryStore()
        self.devices: dict[str, Device[Any]] = {}
        self.cuts: set[tuple[str, str]] = set()
        """Pairs ``(from, to)`` whose messages do not get through."""
        self.lost_replies: set[tuple[str, str]] = set()
        """Pairs whose requests arrive and whose replies do not."""
        self._private, public = authority_pair(seed.encode())
        self._public = public.hex()
        self._seed = seed
        self._cloud = cloud
        self._minted = 0
        self._configs: dict[str, ApplianceConfig | CloudConfig] = {}

    # --- making devices ---

    def cloud(self, auth_codes: dict[str, list[str]], *, name: str = "cloud") -> Device[CloudState]:
        """Add the vendor's side: codes and the SKUs they entitle to."""
        config = CloudConfig(
            name=name,
            addresses={},
            ports=NOWHERE,
            hosts={},
            tls=Tls(certificate="", key="", authority=""),
            authority_key=self._private.hex(),
            auth_codes={code: AuthCode(licenses=tuple(skus)) for code, skus in auth_codes.items()},
            seed=self._seed,
        )
        self._configs[name] = config
        return self._switch_on(name)

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
        self._configs[name] = ApplianceConfig(
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
        device = self._switch_on(name)
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

    def clone(self, name: str, copy: str) -> Device[Any]:
        """Copy a virtual machine with all that it holds; both go on from here (VLS-09)."""
        config = self._configs[name]
        self._configs[copy] = msgspec.structs.replace(config, name=copy)
        for _, at, body in list(self.store.history(name)):
            self.store.append(copy, at, [body])
        return self._switch_on(copy)

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

    def mint(self, name: str, sku: str) -> str:
        """Return a key for a device."""
        self._minted += 1
        hardware_id = self.devices[name].state.hardware_id
        return mint_key(sku, hardware_id, f"SN{self._minted:05}", None, None, self._private)

    # --- acting ---

    def ask(self, name: str, command: Command) -> Any:
        """Give a device a command; return its reply or the refusal."""
        return settled(self.devices[name].handle(command))

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
        until = self.clock.now() + timedelta(**delta) // timedelta(milliseconds=1)
        while True:
            due_at, name = min(((device.next_due, name) for name, device in self.devices.items()), default=(NEVER, ""))
            if due_at > until:
                break
            settled(self.devices[name].run_due(max(due_at, self.clock.now())))
        self.clock.observe(until)

    def restart(self, name: str) -> None:
        """Switch a device off without warning and on again: only its history survives."""
        self._switch_on(name)
        settled(self.devices[name].resume())

    # --- looking ---

    def report(self, name: str) -> Report:
        """Return what can be seen of an appliance."""
        return report(self.devices[name].state, self.clock.now())

    def leased(self, name: str, feature: str = commands.CONCURRENT_USERS) -> int:
        """Return the units a client holds."""
        return self.report(name).features[feature].leased

    def available(self, name: str = "server", feature: str = commands.CONCURRENT_USERS) -> int:
        """Return what a server could still promise."""
        return self.report(name).features[feature].available

    def factory_state(self, name: str) -> ApplianceState:
        """Return an appliance's state before its first event, to replay its history on."""
        config = self._configs[name]
        if isinstance(config, CloudConfig):
            raise TypeError(f"{name} is the vendor's cloud, not an appliance")
        return initial_state(config)

    # --- the ports of its devices ---

    def _switch_on(self, name: str) -> Device[Any]:
        config = self._configs[name]
        machine: Any
        initial: Any
        if isinstance(config, CloudConfig):
            machine, initial = CloudMachine(), initial_cloud_state(config)
        else:
            machine, initial = ApplianceMachine(), initial_state(config)
        device: Device[Any] = Device(
            name,
            machine=machine,
            initial=initial,
            store=self.store,
            clock=self.clock,
            peers=_Calls(self, name),
            timekeeper=_NobodyWakes(),
        )
        self.devices[name] = device
        if isinstance(config, ApplianceConfig):
            secret = hashlib.blake2b(f"secret/{self._seed}/{name}".encode(), digest_size=32).digest()
            self.do(name, commands.PowerOn(release=config.release, secret=secret))
        return device


class _NobodyWakes:
    """Timekeeper of a fleet, which asks every device itself."""

    async def wakes(self, device: str, next_due: Instant) -> None:
        """Need nothing."""


class _Calls:
    """Peers by function call, with cuts and lost replies."""

    def __init__(self, fleet: Fleet, own_name: str) -> None:
        self._fleet = fleet
        self._own_name = own_name

    def share_store(self, to: str) -> bool:
        """All devices of a fleet share its store."""
        return to in self._fleet.devices

    async def send(self, envelope: Envelope, now: Instant) -> Settle:  # noqa: ARG002 - the shape of a port
        """Hand the message to the peer's device."""
        peer = self._fleet.devices.get(envelope.to)
        if peer is None:
            return Settle(id=envelope.id, status=0, failure=f"no host is called {envelope.to}")
        if (self._own_name, envelope.to) in self._fleet.cuts:
            return Settle(id=envelope.id, status=0, failure=f"{envelope.to} is out of reach")
        kind: Any = ROUTES[envelope.path]
        message = msgspec.json.decode(envelope.body, type=kind)
        if "source" in kind.__struct_fields__:
            message = msgspec.structs.replace(message, source=self._own_name)
        reply = await peer.serve(message, store_id=self._fleet.store.id)
        if (self._own_name, envelope.to) in self._fleet.lost_replies:
            return Settle(id=envelope.id, status=0, failure=f"the reply of {envelope.to} was lost")
        if isinstance(reply, Settle):  # passed on, and this is what came back
            if reply.status:
                return msgspec.structs.replace(reply, id=envelope.id)
            reply = Denied(reason="unreachable", message=reply.failure)
        status = 403 if isinstance(reply, Refusal) else 200
        return Settle(id=envelope.id, status=status, body=msgspec.Raw(msgspec.json.encode(reply)))
