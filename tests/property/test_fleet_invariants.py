"""A whole fleet in the hands of chance: partitions, restarts, wrong clocks, messages lost and repeated.

Whatever happens, no more is promised than there is (LSE-10), nothing is granted twice (LSE-11), a restart changes
nothing (LSE-12), a surrendered count is on one side (SUR-04) and a client ID with one device (SRV-11).

``LEASELAB_FLEET_STEPS`` and ``LEASELAB_FLEET_SEED`` ask for more steps, and for others. The shortest story that breaks
a rule is kept as a file, which ``leaselab simulate --story`` tells again.
"""

import os
import secrets
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from leaselab.appliance.licensing import commands
from leaselab.testbed.cli import main
from leaselab.testbed.simulation.network import Mishap
from leaselab.testbed.testing import story
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.story import (
    CLIENTS,
    MEMBER,
    TWIN,
    AnyStep,
    BrokenRuleError,
    Stage,
    Story,
    new_fleet,
    tell,
)

STEPS = int(os.environ.get("LEASELAB_FLEET_STEPS", "10000"))
SEED = int(os.environ.get("LEASELAB_FLEET_SEED", "1"))
STEPS_A_STORY = 50

FEATURES = st.sampled_from([*[commands.CONCURRENT_USERS] * 3, commands.RDP_USERS])
SERVER_SKUS = st.sampled_from(
    ["CONSEC-25U-1YR", "POLSEC-20U-1YR", "ACCESS-30U-1YR", "ACCESSX600-ADD-20U", "ACCESS-RDP-20U-1YR", "CONSEC-ADD-10U"]
)
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
cuts = st.lists(st.tuples(NAMES, st.booleans(), st.booleans()), max_size=3).map(tuple)
breakages = st.sampled_from(["", "", "", "cloud", "refusing", "bad_certificates"])
skews = st.fixed_dictionaries(dict.fromkeys(["server", TWIN, *CLIENTS], SKEWS))


class FleetMachine(RuleBasedStateMachine):
    """Chance invents a story and tells it."""

    fleet: ClassVar[type[Fleet]] = Fleet
    broken: ClassVar[list[AnyStep]] = []
    """The steps of the last story that broke a rule: at the end, of the shortest one."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage(new_fleet(self.fleet))
        self.steps: list[AnyStep] = []

    def take(self, step: AnyStep) -> None:
        self.steps.append(step)
        try:
            self.stage.take(step)
        except Exception:
            type(self).broken = self.steps
            raise

    @initialize(step=st.builds(story.Begin, virtual=st.booleans(), skews=skews, first=allocations))
    def begin(self, step: AnyStep) -> None:
        self.take(step)

    @rule(step=st.builds(story.SignIn, name=NAMES, count=st.sampled_from([1, 3, 10, 30]), feature=FEATURES))
    def sign_in(self, step: AnyStep) -> None:
        self.take(step)

    @rule(step=st.builds(story.SignOut, name=NAMES, count=st.sampled_from([1, 5, 20, 100])))
    def sign_out(self, step: AnyStep) -> None:
        self.take(step)

    @rule(step=st.builds(story.Crowd, name=NAMES, users=st.sampled_from([0, 10, 25, 40, 60, 90])))
    def crowd(self, step: AnyStep) -> None:
        self.take(step)

    @rule(
        step=st.builds(
            story.Administer,
            name=NAMES,
            act=st.sampled_from(["pull", "pull", "connect", "leave", "delete", "twin", "release"]),
        )
    )
    def administer(self, step: AnyStep) -> None:
        self.take(step)

    @rule(
        step=st.builds(
            story.SaveClient,
            name=NAMES,
            features=st.dictionaries(FEATURES, allocations, min_size=1),
            expires_in=st.none() | st.integers(1, 20 * 24),
            new=st.booleans(),
        )
    )
    def save_client(self, step: AnyStep) -> None:
        self.take(step)

    @rule(step=st.builds(story.ChangeLicenses, sku=SERVER_SKUS, which=st.none() | st.integers(0, 5)))
    def change_licenses(self, step: AnyStep) -> None:
        self.take(step)

    @rule(
        step=st.builds(
            story.OwnLicenses,
            name=st.sampled_from(sorted(MEMBER)),
            act=st.sampled_from(["own", "surrender", "surrender", "recall"]),
        )
    )
    def own_licenses(self, step: AnyStep) -> None:
        self.take(step)

    @rule(step=st.builds(story.Weather, cuts=cuts, broken=breakages))
    def weather(self, step: AnyStep) -> None:
        self.take(step)

    @rule(
        step=st.builds(
            story.Mishaps,
            name=st.sampled_from(["server", *CLIENTS]),
            mishaps=st.lists(st.sampled_from(Mishap), min_size=1, max_size=4).map(tuple),
        )
    )
    def mishaps(self, step: AnyStep) -> None:
        self.take(step)

    @rule(step=st.builds(story.Restart, name=DEVICES))
    def restart(self, step: AnyStep) -> None:
        self.take(step)

    @rule(step=st.builds(story.LosePower, name=DEVICES, download=st.booleans()))
    def lose_power(self, step: AnyStep) -> None:
        self.take(step)

    @rule(step=st.builds(story.Advance, minutes=minutes_of | st.integers(0, 1440)))
    def advance(self, step: AnyStep) -> None:
        self.take(step)


def invent(
    machine: type[FleetMachine], chance: int, steps: int, kept: Path, *, steps_a_story: int = STEPS_A_STORY
) -> None:
    """Invent stories; the shortest that breaks a rule is kept, and the error says how it is told again."""
    asked = settings(
        max_examples=max(1, steps // steps_a_story),
        stateful_step_count=steps_a_story,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        deadline=None,
        database=None,
        print_blob=False,
        verbosity=Verbosity.normal,
    )
    try:
        run_state_machine_as_test(seed(chance)(machine), settings=asked)
    except Exception as error:
        path = kept / f"leaselab-story-{chance}-{secrets.token_hex(4)}.json"
        Story(seed=chance, steps=tuple(machine.broken)).save(path)
        error.add_note(
            f"seed {chance}, {len(machine.broken)} steps; again: leaselab simulate --story {path}\n"
            f"all of it: LEASELAB_FLEET_SEED={chance} LEASELAB_FLEET_STEPS={steps} ./run test {__file__}"
        )
        raise


@pytest.mark.rule("LSE-10")
@pytest.mark.rule("LSE-11")
@pytest.mark.rule("LSE-12")
@pytest.mark.rule("LSE-13")
@pytest.mark.rule("SUR-04")
@pytest.mark.rule("SRV-11")
@pytest.mark.timeout(0)
def test_a_fleet_keeps_its_invariants_whatever_befalls_it() -> None:
    invent(FleetMachine, SEED, STEPS, Path(tempfile.gettempdir()))


# --- a story that breaks a rule --------------------------------------------------------------------------------------


class Forgetful(Fleet):
    """A fleet with a broken rule: a server that is switched on again has forgotten gw1's leases (LSE-12)."""

    def restart(self, name: str) -> None:
        super().restart(name)
        if name == "server":
            self.devices[name].state.server.clients["gw1"].leases.clear()


@pytest.fixture
def shortest(tmp_path: Path) -> tuple[Path, str]:
    """The file of the shortest story that breaks the rule of :class:`Forgetful`, and what was said of it."""

    class Machine(FleetMachine):
        fleet = Forgetful

    with pytest.raises(BrokenRuleError) as caught:
        invent(Machine, 7, 1_000, tmp_path, steps_a_story=4)
    (file,) = tmp_path.iterdir()
    return file, "\n".join([str(caught.value), *caught.value.__notes__])


@pytest.mark.timeout(600)
def test_a_broken_rule_gives_seed_shortest_story_and_the_command_that_tells_it_again(
    shortest: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[Any]
) -> None:
    file, said = shortest
    steps = Story.load(file).steps

    assert f"seed 7, {len(steps)} steps; again: leaselab simulate --story {file}" in said
    assert isinstance(steps[0], story.Begin)
    assert steps[-1] in {story.Restart("server"), story.LosePower("server", download=False)}
    with pytest.raises(BrokenRuleError, match="server"):
        tell(steps, new_fleet(Forgetful))

    assert main(["simulate", "--story", str(file)]) == 0  # the rule is not broken in the product
    assert capsys.readouterr().out.endswith(f"{len(steps)} steps, all invariants held\n")
    monkeypatch.setattr(story, "Fleet", Forgetful)
    assert main(["simulate", "--story", str(file)]) == 1
    assert f"step {len(steps)}" in capsys.readouterr().out
