"""A simulated lab is acted on and looked at as a running one is, and its checks say the same."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from leaselab.appliance.instants import HOUR
from leaselab.appliance.licensing.commands import PullState, SetServerRole, Surrender
from leaselab.testbed.checking.plan import Check, Expectation
from leaselab.testbed.cli import main
from leaselab.testbed.errors import CallError, ClockStoppedError, NodeFailedError, RefusedError, UnknownNodeError
from leaselab.testbed.simulation.boot import bring_up
from leaselab.testbed.simulation.faults import SimulatedFaults
from leaselab.testbed.simulation.lab import SimulatedLab
from leaselab.testbed.simulation.run import simulate, simulated_plan
from leaselab.testbed.simulation.world import World
from leaselab.testbed.topology.files import load
from leaselab.testbed.topology.loading import read

TOPOLOGIES = Path(__file__).parents[4] / "topologies"
WITH_CHECKS = sorted(path.name for path in TOPOLOGIES.glob("*.yml") if "\nchecks:" in path.read_text())
TEXT = """
name: acted
defaults: {boot: {accept-license: true, admin: {name: admin, password: admin123}}}
nodes:
  server:
    kind: psa7000c
    licenses: [CONSEC-1000U-1YR]
    license-server:
      clients:
        GW1: {node: gw1, password: secret1, features: {concurrent-users: {reserved: 10, increment: 10, maximum: 30}}}
  gw1: {kind: psa3000, release: 8.3R1, license-client: {server: server, id: GW1}}
"""
FAILING = "checks: [{check: it leases more than there is, expect: {gw1: {leased: 11}}}]\n"


@pytest.fixture
def lab() -> SimulatedLab:
    plan = simulated_plan(read(TEXT, file="acted.yml"))
    world = World(plan.clock.start or 0)
    bring_up(world, plan)
    return SimulatedLab(plan, world, SimulatedFaults(world, (), seed=plan.seed))


@pytest.mark.parametrize("name", WITH_CHECKS)
def test_the_checks_of_every_topology_pass_in_a_simulation_and_no_invariant_breaks(name: str) -> None:
    figures = simulate(simulated_plan(load(TOPOLOGIES / name, {})), 0)

    assert [outcome for outcome in figures.outcomes if not outcome.passed] == []
    assert figures.outcomes
    assert figures.broken == ()


def test_users_sign_in_until_they_are_refused_and_out_again(lab: SimulatedLab) -> None:
    outcome = lab["gw1"].users.set(40)

    assert outcome.signed_in == 33
    assert len(outcome.refused) == 7
    assert "limit" in outcome.refused[0].why
    assert lab["gw1"].users.set(5).signed_in == 5
    assert lab["gw1"].report().features["concurrent-users"].signed_in == 5


def test_a_node_without_power_answers_nothing_until_it_is_started(lab: SimulatedLab) -> None:
    lab["gw1"].kill()
    with pytest.raises(NodeFailedError, match="gw1 is off"):
        lab["gw1"].report()
    assert lab["gw1"].phase == "off"

    lab["gw1"].start()
    assert lab["gw1"].leased("concurrent-users") == 10


def test_a_reset_node_is_told_anew_what_the_file_wants(lab: SimulatedLab) -> None:
    lab["gw1"].users.set(5)
    lab["gw1"].reset()

    assert lab["gw1"].report().features["concurrent-users"].signed_in == 0
    assert lab["gw1"].report().client.contact == "up"


def test_another_release_is_another_release(lab: SimulatedLab) -> None:
    lab["gw1"].upgrade("9.0R1")

    assert lab["gw1"].report().release == "9.0R1"
    assert lab["gw1"].leased("concurrent-users") == 10


def test_a_fault_is_felt_until_it_is_cleared(lab: SimulatedLab) -> None:
    row = lab.faults.cut("gw1", "server")
    lab.clock.advance(hours=7)
    assert lab["gw1"].report().client.contact == "down"

    assert lab.faults.clear(row.n) == (msgspec.structs.replace(row),)
    lab.clock.advance(hours=7)
    assert lab["gw1"].report().client.contact == "up"
    assert any("LIC" in line.code for line in lab.logs(["gw1"]))


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda lab: lab["gw2"], UnknownNodeError, "no node gw2; it has server, gw1"),
        (lambda lab: lab["gw1"].type("1\r"), CallError, "a simulation has no type"),
        (lambda lab: lab.clock.to(0), ClockStoppedError, "time does not go back"),
        (lambda lab: lab.clock.rate(60), CallError, "a simulation cannot do 'rate'"),
        (lambda lab: lab.faults.clear(9), CallError, "there is no fault 9"),
        (lambda lab: lab["gw1"].upgrade("eight"), CallError, "eight"),
        (lambda lab: lab["gw1"].command(Surrender(serial="X")), RefusedError, "X"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_the_clock_stands(
    lab: SimulatedLab, act: Callable[[SimulatedLab], object], error: type[Exception], words: str
) -> None:
    before = lab.clock.now

    with pytest.raises(error) as caught:
        act(lab)

    assert words in f"{caught.value}; {getattr(caught.value, 'hint', '')}"
    assert lab.clock.now == before


def test_time_beyond_the_checks_is_lived_as_well() -> None:
    plan = simulated_plan(read(TEXT, file="acted.yml"))
    check = Check(name="later", after=3 * HOUR, expect={"gw1": Expectation(leased=10)})
    figures = simulate(msgspec.structs.replace(plan, checks=(check,)), 10 * HOUR)

    assert [outcome.at for outcome in figures.outcomes] == [figures.start + 3 * HOUR]
    assert figures.end == figures.start + 10 * HOUR


def test_a_check_that_fails_is_printed_and_the_exit_code_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "failing.yml"
    file.write_text(TEXT + FAILING)

    assert main(["simulate", str(file)]) == 1
    said = "FAILED  2018-01-01T00:00:00Z  it leases more than there is\n        gw1: leased 11 expected, is 10\n"
    assert said in capsys.readouterr().out
    assert main(["simulate", str(file), "--no-checks", "--for", "1h"]) == 0


def test_without_checks_and_without_a_duration_there_is_nothing_to_simulate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "none.yml"
    file.write_text(TEXT)

    assert main(["simulate", str(file)]) == 2
    assert "--for" in capsys.readouterr().err


def test_a_refusal_reaches_a_client_in_the_servers_own_words(lab: SimulatedLab) -> None:
    lab["server"].command(SetServerRole(enabled=False))
    lab["gw1"].command(PullState())

    client = lab["gw1"].report().client
    assert (client.contact, client.why) == ("up", "server is no license server")
