"""A story of a fleet: what people do and what befalls them, step by step, to be told again exactly.

A test lets chance invent stories; one that breaks a rule is written down as JSON, in the shortest form that still
breaks it, and ``leaselab simulate --story FILE`` tells it again.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from leaselab.appliance.instants import HOUR, MINUTE, SECOND
from leaselab.appliance.licensing import commands
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Command, Refusal
from leaselab.testbed.errors import CallError
from leaselab.testbed.files import explained, write_whole
from leaselab.testbed.simulation.invariants import Invariants
from leaselab.testbed.simulation.network import Mishap, PowerCutError
from leaselab.testbed.testing.fleet import CLIENT_PASSWORD, Fleet

CLIENTS: Final[dict[str, dict[str, Any]]] = {
    "gw1": {"kind": "psa3000", "personality": "pcs"},
    "gw2": {"kind": "va-spe", "personality": "pcs"},
    "nac1": {"kind": "psa300", "personality": "pps"},
    "mag1": {"kind": "mag4610", "personality": "pcs"},
}
"""The cast, beside the server and the vendor's cloud."""

TWIN: Final = "twin"
"""A device that has gw1's client ID and password, and a hardware ID of its own (SRV-11)."""

CODE: Final = "Ab12-Cd34-Ef56-Gh78"
PERMANENT: Final = {"gw1": "CONSEC-ADD-10U", "nac1": "POLSEC-ADD-10U", "mag1": "ACCESSX600-ADD-10U"}
MEMBER: Final = {"gw1": "PSA-LICENSE-MBR", "nac1": "PSA-LICENSE-MBR", "mag1": "MAG4610-LICENSE-MBR"}


class BrokenRuleError(AssertionError):
    """A rule did not hold; the message says which, where and by how much."""


class Stage:
    """The fleet on which a story is told, and the watch over its invariants.

    Args:
        fleet: a new one.
    """

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.watch = Invariants(fleet.world)

    def take(self, step: "Step") -> None:
        """Take one step, then see that everything holds.

        Raises:
            BrokenRuleError: it does not.
        """
        step.take(self)
        self.run(0)
        broken = self.watch.check()
        for _ in self.fleet.devices:
            broken += self.watch.check_restart()
        if broken:
            raise BrokenRuleError("\n".join(f"{one.rule} {one.node}: {one.what}" for one in broken))

    def ask(self, name: str, command: Command) -> Any:
        """Give a device a command, refused or not; a refused one changes nothing."""
        before = len(list(self.fleet.store.history(name)))
        try:
            reply = self.fleet.ask(name, command)
        except PowerCutError as cut:
            self.resume(cut.name)
            return None
        changed = len(list(self.fleet.store.history(name))) != before
        if changed and isinstance(reply, Refusal) and not isinstance(command, commands.SignIn):
            raise BrokenRuleError(f"{name} refused and changed: {reply}")
        return reply

    def run(self, duration: int) -> None:
        """Let time pass; whoever loses its power is switched on again."""
        until = self.fleet.clock.now() + duration
        while True:
            try:
                self.fleet.world.run(until)
            except PowerCutError as cut:
                self.resume(cut.name)
            else:
                return

    def resume(self, name: str) -> None:
        """Switch a device on again; it may lose its power over the very message that it sends first."""
        try:
            self.fleet.restart(name)
        except PowerCutError:
            self.resume(name)

    def connect(self, name: str, client_id: str) -> None:
        """Point a device at the server under a client ID."""
        password = CLIENT_PASSWORD
        self.ask(
            name, commands.SetServer(server="server", client_id=client_id, password=password, password_again=password)
        )

    def state(self, name: str) -> ApplianceState:
        """Return an appliance's state."""
        state: ApplianceState = self.fleet.devices[name].state
        return state

    def seen(self, name: str) -> Any:
        """Return what can be seen of a device, and what it still has to do."""
        state = self.fleet.devices[name].state
        return self.fleet.report(name) if isinstance(state, ApplianceState) else (state.claims, state.beats)


class Step(msgspec.Struct, frozen=True, tag_field="step", forbid_unknown_fields=True):
    """One thing that happens."""

    def take(self, stage: Stage) -> None:
        """Let it happen."""
        raise NotImplementedError


class Begin(Step, frozen=True, tag="begin"):
    """A server, its clients, the vendor's cloud, and how wrong their clocks are, in seconds."""

    virtual: bool
    skews: dict[str, int]
    first: commands.Allocation

    def take(self, stage: Stage) -> None:
        """Set the stage."""
        fleet = stage.fleet
        for name, seconds in self.skews.items():
            fleet.world.set_skew(name, seconds * SECOND)
        fleet.cloud({CODE: ["CONSEC-30U-1YR"]})
        machine: dict[str, Any] = {"kind": "va-spe", "virtual_license_server": True}
        fleet.appliance("server", **(machine if self.virtual else {"kind": "psa5000"}))
        fleet.install(
            "server", "LICENSE-SVR", "CONSEC-60U-1YR", "POLSEC-40U-1YR", "ACCESS-50U-2YR", "ACCESSX600-ADD-40U"
        )
        fleet.license_role("server")
        for name, kind in {**CLIENTS, TWIN: CLIENTS["gw1"]}.items():
            fleet.appliance(name, **kind)
        for name in CLIENTS:
            SaveClient(name=name, features={commands.CONCURRENT_USERS: self.first}, new=True).take(stage)
            stage.connect(name, name)


class SignIn(Step, frozen=True, tag="sign-in"):
    """More users come."""

    name: str
    count: int
    feature: str

    def take(self, stage: Stage) -> None:
        """Sign them in, refused or not."""
        serial = stage.state(self.name).counters.get("sign_ins", 0)
        for number in range(self.count):
            sign_in = commands.SignIn(user=f"user{serial + number}", source="10.0.0.1", feature=self.feature)
            stage.ask(self.name, sign_in)


class SignOut(Step, frozen=True, tag="sign-out"):
    """Users go, those who came first before the others."""

    name: str
    count: int

    def take(self, stage: Stage) -> None:
        """Sign them out."""
        for session in list(stage.state(self.name).sessions)[: self.count]:
            stage.ask(self.name, commands.SignOut(session=session))


class Crowd(Step, frozen=True, tag="crowd"):
    """So many users by number."""

    name: str
    users: int

    def take(self, stage: Stage) -> None:
        """Set them."""
        stage.ask(self.name, commands.SetCrowd(users=self.users))


class Administer(Step, frozen=True, tag="administer"):
    """An administrator acts on a client: ``pull``, ``connect``, ``leave``, ``delete``, ``twin``, ``release``."""

    name: str
    act: str

    def take(self, stage: Stage) -> None:
        """Do it."""
        match self.act:
            case "pull":
                stage.ask(self.name, commands.PullState())
            case "connect":
                stage.connect(self.name, self.name)
            case "leave":
                stage.ask(self.name, commands.RemoveServer())
            case "delete":
                stage.ask("server", commands.DeleteClient(id=self.name))
            case "twin":
                stage.connect(TWIN, "gw1")
            case "release":
                stage.ask("server", commands.ReleaseClient(id="gw1"))
                stage.watch.handed_over.add(("server", "gw1"))


class SaveClient(Step, frozen=True, tag="save-client"):
    """A client's record is added or changed; it expires in so many hours."""

    name: str
    features: dict[str, commands.Allocation]
    new: bool
    expires_in: int | None = None

    def take(self, stage: Stage) -> None:
        """Save it, refused or not."""
        saved = commands.SaveClient(
            id=self.name,
            password=CLIENT_PASSWORD,
            password_again=CLIENT_PASSWORD,
            platform=CLIENTS[self.name]["kind"],
            product=CLIENTS[self.name]["personality"],
            allocations=self.features,
            expires_at=None if self.expires_in is None else stage.fleet.clock.now() + self.expires_in * HOUR,
            new=self.new,
        )
        stage.ask("server", saved)


class ChangeLicenses(Step, frozen=True, tag="change-licenses"):
    """The server gets one more license, by key or by code, or loses that one of those it has."""

    sku: str
    which: int | None

    def take(self, stage: Stage) -> None:
        """Give it, or take it away."""
        there = stage.state("server").licenses.installed.items()
        installed = [serial for serial, one in there if "SVR" not in one.sku]
        if self.which is None:
            stage.ask("server", commands.AddKeys(keys=(stage.fleet.mint("server", self.sku),)))
        elif self.which < len(installed):
            stage.ask("server", commands.DeleteLicense(serial=installed[self.which]))
        else:
            stage.ask("server", commands.DownloadKeys(code=CODE))


class OwnLicenses(Step, frozen=True, tag="own-licenses"):
    """A client gets a permanent license and the member license, gives the latest away, or asks it back."""

    name: str
    act: str

    def take(self, stage: Stage) -> None:
        """``own``, ``surrender`` or ``recall``."""
        name, sku = self.name, PERMANENT[self.name]
        serials = [serial for serial, one in stage.state(name).licenses.installed.items() if one.sku == sku]
        if self.act == "own" or not serials:
            keys = tuple(stage.fleet.mint(name, each) for each in (MEMBER[name], sku))
            stage.ask(name, commands.AddKeys(keys=keys))
        elif self.act == "surrender":
            stage.ask(name, commands.Surrender(serial=serials[-1]))
        else:
            stage.ask(name, commands.Recall(serial=serials[-1]))


class Weather(Step, frozen=True, tag="weather"):
    """The network is mended, and broken elsewhere: cuts are of a client, from it outward, in that direction only."""

    cuts: tuple[tuple[str, bool, bool], ...]
    broken: str

    def take(self, stage: Stage) -> None:
        """Change it."""
        network = stage.fleet.network
        network.calm()
        for name, outward, one_way in self.cuts:
            network.cut(*((name, "server") if outward else ("server", name)), one_way=one_way)
        if self.broken == "cloud":
            network.cut("server", "cloud")
        elif self.broken:
            getattr(network, self.broken).add("server")


class Mishaps(Step, frozen=True, tag="mishaps"):
    """What befalls a device's next messages, one each."""

    name: str
    mishaps: tuple[Mishap, ...]

    def take(self, stage: Stage) -> None:
        """Let it befall them."""
        stage.fleet.network.befall(self.name, "cloud" if self.name == "server" else "server", *self.mishaps)


class Restart(Step, frozen=True, tag="restart"):
    """A device loses its power and gets it back."""

    name: str

    def take(self, stage: Stage) -> None:
        """Restart it; nothing of it may change (LSE-12)."""
        before = stage.seen(self.name)
        stage.resume(self.name)
        if stage.seen(self.name) != before:
            raise BrokenRuleError(f"LSE-12 {self.name}: a restart has changed it")


class LosePower(Step, frozen=True, tag="lose-power"):
    """A device loses its power when it has decided, and before it has sent anything."""

    name: str
    download: bool

    def take(self, stage: Stage) -> None:
        """Have it decide, and switch it off and on."""
        if self.name != "cloud":
            command: Command = commands.DownloadKeys(code=CODE) if self.download else commands.PullState()
            stage.fleet.devices[self.name]._decide(command)  # noqa: SLF001 - what it queues is not sent any more
            stage.resume(self.name)


class Advance(Step, frozen=True, tag="advance"):
    """Time passes."""

    minutes: int

    def take(self, stage: Stage) -> None:
        """Let it pass."""
        stage.run(self.minutes * MINUTE)


AnyStep = (
    Begin
    | SignIn
    | SignOut
    | Crowd
    | Administer
    | SaveClient
    | ChangeLicenses
    | OwnLicenses
    | Weather
    | Mishaps
    | Restart
    | LosePower
    | Advance
)


class Story(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Steps, the first of them :class:`Begin`, and the seed that chance invented them by."""

    seed: int
    steps: tuple[AnyStep, ...]

    def save(self, path: Path) -> None:
        """Write it down."""
        with explained("write the story"):
            write_whole(path, msgspec.json.format(msgspec.json.encode(self), indent=2))

    @classmethod
    def load(cls, path: Path) -> "Story":
        """Read one.

        Raises:
            CallError: the file is none.
        """
        try:
            story = msgspec.json.decode(path.read_bytes(), type=cls)
        except msgspec.MsgspecError as error:
            raise CallError(f"{path} is no story: {error}", hint="a failing test of the fleet writes them") from error
        if not story.steps or not isinstance(story.steps[0], Begin):
            raise CallError(f"{path} is no story: its first step is to be `begin`")
        return story


def tell(
    steps: Sequence[Step], fleet: Fleet | None = None, on_step: Callable[[Step], None] = lambda _step: None
) -> None:
    """Tell a story from its beginning.

    Args:
        steps: of it.
        fleet: on which; a new one by default.
        on_step: told of each step before it is taken.

    Raises:
        BrokenRuleError: a rule did not hold.
    """
    stage = Stage(fleet or new_fleet())
    for step in steps:
        on_step(step)
        stage.take(step)


def new_fleet(kind: type[Fleet] | None = None) -> Fleet:
    """Return the fleet on which stories are told."""
    return (kind or Fleet)(start="2018-01-01T12:00:00Z")
