"""A whole fleet in the hands of chance: partitions, restarts, wrong clocks, messages lost and repeated.

Whatever happens, no more is promised than there is (LSE-10), nothing is granted twice (LSE-11), a restart changes
nothing (LSE-12), a surrendered count is on one side (SUR-04) and a client ID with one device (SRV-11).

``LEASELAB_FLEET_STEPS`` and ``LEASELAB_FLEET_SEED`` ask for more steps, and for others.
"""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from leaselab.appliance.instants import HOUR, MINUTE, SECOND
from leaselab.appliance.licensing import commands
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Command, Refusal
from leaselab.testbed.simulation.invariants import Invariants
from leaselab.testbed.simulation.network import Mishap, PowerCutError
from leaselab.testbed.testing.fleet import CLIENT_PASSWORD, Fleet

STEPS = int(os.environ.get("LEASELAB_FLEET_STEPS", "10000"))
SEED = int(os.environ.get("LEASELAB_FLEET_SEED", "1"))
STEPS_A_STORY = 50

CLIENTS: dict[str, dict[str, Any]] = {
    "gw1": {"kind": "psa3000", "personality": "pcs"},
    "gw2": {"kind": "va-spe", "personality": "pcs"},
    "nac1": {"kind": "psa300", "personality": "pps"},
    "mag1": {"kind": "mag4610", "personality": "pcs"},
}
TWIN = "twin"
"""A device that has gw1's client ID and password, and a hardware ID of its own (SRV-11)."""

CODE = "Ab12-Cd34-Ef56-Gh78"
FEATURES = st.sampled_from([*[commands.CONCURRENT_USERS] * 3, commands.RDP_USERS])
SERVER_SKUS = st.sampled_from(
    ["CONSEC-25U-1YR", "POLSEC-20U-1YR", "ACCESS-30U-1YR", "ACCESSX600-ADD-20U", "ACCESS-RDP-20U-1YR", "CONSEC-ADD-10U"]
)
PERMANENT = {"gw1": "CONSEC-ADD-10U", "nac1": "POLSEC-ADD-10U", "mag1": "ACCESSX600-ADD-10U"}
MEMBER = {"gw1": "PSA-LICENSE-MBR", "nac1": "PSA-LICENSE-MBR", "mag1": "MAG4610-LICENSE-MBR"}
NAMES = st.sampled_from(sorted(CLIENTS))
DEVICES = st.sampled_from(["cloud", "server", TWIN, *CLIENTS])
SKEWS = st.integers(-150, 150)
"""Seconds; two clocks then differ by five minutes at most (LSE-13)."""

allocations = st.builds(
    lambda reserved, increment, steps, rest: commands.Allocation(
        reserved, increment if steps or rest else 0, reserved + steps * increment + rest
    ),
    st.sampled_from([0, 5, 10, 20, 30]),
    st.sampled_from([5, 10]),
    st.integers(0, 5),
    st.integers(0, 4),
)
minutes_of = st.sampled_from([0, 1, 30, 360, 361, 1440, 1500, 3 * 1440, 11 * 1440, 30 * 1440])


class FleetMachine(RuleBasedStateMachine):
    """One story: a server, its clients, the vendor's cloud, and what befalls them."""

    def __init__(self) -> None:
        super().__init__()
        self.fleet = Fleet(start="2018-01-01T12:00:00Z")
        self.watch = Invariants(self.fleet.world)

    @initialize(
        virtual=st.booleans(),
        skews=st.fixed_dictionaries(dict.fromkeys(["server", TWIN, *CLIENTS], SKEWS)),
        first=allocations,
    )
    def begin(self, *, virtual: bool, skews: dict[str, int], first: commands.Allocation) -> None:
        fleet = self.fleet
        for name, seconds in skews.items():
            fleet.world.set_skew(name, seconds * SECOND)
        fleet.cloud({CODE: ["CONSEC-30U-1YR"]})
        about: dict[str, Any] = {"kind": "va-spe", "virtual_license_server": True} if virtual else {"kind": "psa5000"}
        fleet.appliance("server", **about)
        fleet.install(
            "server", "LICENSE-SVR", "CONSEC-60U-1YR", "POLSEC-40U-1YR", "ACCESS-50U-2YR", "ACCESSX600-ADD-40U"
        )
        fleet.license_role("server")
        for name, kind in {**CLIENTS, TWIN: CLIENTS["gw1"]}.items():
            fleet.appliance(name, **kind)
        for name in CLIENTS:
            self._save(name, {commands.CONCURRENT_USERS: first}, new=True, expires_in=None)
            self._connect(name, name)

    # --- what people do ---

    @rule(name=NAMES, count=st.sampled_from([1, 3, 10, 30]), feature=FEATURES)
    def sign_in(self, name: str, count: int, feature: str) -> None:
        serial = self._state(name).counters.get("sign_ins", 0)
        for number in range(count):
            self._ask(name, commands.SignIn(user=f"user{serial + number}", source="10.0.0.1", feature=feature))

    @rule(name=NAMES, count=st.sampled_from([1, 5, 20, 100]))
    def sign_out(self, name: str, count: int) -> None:
        for session in list(self._state(name).sessions)[:count]:
            self._ask(name, commands.SignOut(session=session))

    @rule(name=NAMES, users=st.sampled_from([0, 10, 25, 40, 60, 90]))
    def crowd(self, name: str, users: int) -> None:
        self._ask(name, commands.SetCrowd(users=users))

    @rule(name=NAMES, act=st.sampled_from(["pull", "pull", "connect", "leave", "delete", "twin", "release"]))
    def administer(self, name: str, act: str) -> None:
        match act:
            case "pull":
                self._ask(name, commands.PullState())
            case "connect":
                self._connect(name, name)
            case "leave":
                self._ask(name, commands.RemoveServer())
            case "delete":
                self._ask("server", commands.DeleteClient(id=name))
            case "twin":
                self._connect(TWIN, "gw1")
            case "release":
                self._ask("server", commands.ReleaseClient(id="gw1"))
                self.watch.handed_over.add(("server", "gw1"))

    @rule(
        name=NAMES,
        features=st.dictionaries(FEATURES, allocations, min_size=1),
        expires_in=st.none() | st.integers(1, 20 * 24),
        new=st.booleans(),
    )
    def save_client(
        self, name: str, features: dict[str, commands.Allocation], expires_in: int | None, *, new: bool
    ) -> None:
        self._save(name, features, new=new, expires_in=expires_in)

    @rule(sku=SERVER_SKUS, which=st.none() | st.integers(0, 5))
    def change_licenses(self, sku: str, which: int | None) -> None:
        """Give the server one more license, or take one away."""
        installed = [serial for serial, one in self._state("server").licenses.installed.items() if "SVR" not in one.sku]
        if which is None:
            self._ask("server", commands.AddKeys(keys=(self.fleet.mint("server", sku),)))
        elif which < len(installed):
            self._ask("server", commands.DeleteLicense(serial=installed[which]))
        else:
            self._ask("server", commands.DownloadKeys(code=CODE))

    @rule(name=st.sampled_from(sorted(MEMBER)), act=st.sampled_from(["own", "surrender", "surrender", "recall"]))
    def own_licenses(self, name: str, act: str) -> None:
        """Install a permanent license and the member license, give the latest away, or ask it back."""
        sku = PERMANENT[name]
        serials = [serial for serial, one in self._state(name).licenses.installed.items() if one.sku == sku]
        if act == "own" or not serials:
            keys = tuple(self.fleet.mint(name, each) for each in (MEMBER[name], sku))
            self._ask(name, commands.AddKeys(keys=keys))
        elif act == "surrender":
            self._ask(name, commands.Surrender(serial=serials[-1]))
        else:
            self._ask(name, commands.Recall(serial=serials[-1]))

    # --- what befalls them ---

    @rule(
        cuts=st.lists(st.tuples(NAMES, st.booleans(), st.booleans()), max_size=3),
        broken=st.sampled_from(["", "", "", "cloud", "refusing", "bad_certificates"]),
    )
    def weather(self, cuts: list[tuple[str, bool, bool]], broken: str) -> None:
        """Mend the network, and break it elsewhere."""
        network = self.fleet.network
        network.calm()
        for name, outward, one_way in cuts:
            network.cut(*((name, "server") if outward else ("server", name)), one_way=one_way)
        if broken == "cloud":
            network.cut("server", "cloud")
        elif broken:
            getattr(network, broken).add("server")

    @rule(name=st.sampled_from(["server", *CLIENTS]), mishaps=st.lists(st.sampled_from(Mishap), min_size=1, max_size=4))
    def mishaps(self, name: str, mishaps: list[Mishap]) -> None:
        self.fleet.network.befall(name, "cloud" if name == "server" else "server", *mishaps)

    @rule(name=DEVICES)
    def restart(self, name: str) -> None:
        before = self._seen(name)
        self._resume(name)
        assert self._seen(name) == before, f"LSE-12: a restart has changed {name}"

    @rule(name=DEVICES, command=st.sampled_from([commands.PullState(), commands.DownloadKeys(code=CODE)]))
    def lose_power_before_sending(self, name: str, command: Command) -> None:
        if name != "cloud":
            self.fleet.devices[name]._decide(command)  # it is kept; what it queues is not sent any more
            self._resume(name)

    @rule(minutes=minutes_of | st.integers(0, 1440))
    def advance(self, minutes: int) -> None:
        self._run(minutes * MINUTE)

    # --- what must hold ---

    @invariant()
    def nothing_is_broken(self) -> None:
        self._run(0)
        broken = self.watch.check()
        assert not broken, "\n".join(f"{one.rule} {one.node}: {one.what}" for one in broken)
        for _ in self.fleet.devices:
            changed = self.watch.check_restart()
            assert not changed, changed

    # --- how it is done ---

    def _ask(self, name: str, command: Command) -> Any:
        """Give a device a command, refused or not; a refused one changes nothing."""
        device = self.fleet.devices[name]
        before = len(list(self.fleet.store.history(name)))
        try:
            reply = self.fleet.ask(name, command)
        except PowerCutError as cut:
            self._resume(cut.name)
            return None
        if isinstance(reply, Refusal) and not isinstance(command, commands.SignIn):
            assert len(list(self.fleet.store.history(name))) == before, f"{device.name} refused and changed: {reply}"
        return reply

    def _run(self, duration: int) -> None:
        until = self.fleet.clock.now() + duration
        while True:
            try:
                self.fleet.world.run(until)
            except PowerCutError as cut:
                self._resume(cut.name)
            else:
                return

    def _resume(self, name: str) -> None:
        """Switch a device on again; it may lose its power over the very message that it sends first."""
        try:
            self.fleet.restart(name)
        except PowerCutError:
            self._resume(name)

    def _save(self, name: str, features: dict[str, commands.Allocation], *, new: bool, expires_in: int | None) -> None:
        saved = commands.SaveClient(
            id=name,
            password=CLIENT_PASSWORD,
            password_again=CLIENT_PASSWORD,
            platform=CLIENTS[name]["kind"],
            product=CLIENTS[name]["personality"],
            allocations=features,
            expires_at=None if expires_in is None else self.fleet.clock.now() + expires_in * HOUR,
            new=new,
        )
        self._ask("server", saved)

    def _connect(self, name: str, client_id: str) -> None:
        password = CLIENT_PASSWORD
        self._ask(
            name, commands.SetServer(server="server", client_id=client_id, password=password, password_again=password)
        )

    def _state(self, name: str) -> ApplianceState:
        state: ApplianceState = self.fleet.devices[name].state
        return state

    def _seen(self, name: str) -> Any:
        """Return what can be seen of a device, and what it still has to do."""
        state = self.fleet.devices[name].state
        return self.fleet.report(name) if isinstance(state, ApplianceState) else (state.claims, state.beats)


@pytest.mark.rule("LSE-10")
@pytest.mark.rule("LSE-11")
@pytest.mark.rule("LSE-12")
@pytest.mark.rule("LSE-13")
@pytest.mark.rule("SUR-04")
@pytest.mark.rule("SRV-11")
@pytest.mark.timeout(0)
def test_a_fleet_keeps_its_invariants_whatever_befalls_it() -> None:
    asked = settings(
        max_examples=max(1, STEPS // STEPS_A_STORY),
        stateful_step_count=STEPS_A_STORY,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        deadline=None,
        database=None,
        print_blob=False,
        verbosity=Verbosity.normal,
    )
    try:
        run_state_machine_as_test(seed(SEED)(FleetMachine), settings=asked)
    except Exception as error:
        error.add_note(
            f"seed {SEED}; again: LEASELAB_FLEET_SEED={SEED} LEASELAB_FLEET_STEPS={STEPS} ./run test {__file__}"
        )
        raise
