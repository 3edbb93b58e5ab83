"""The nodes of a running lab, with puppets in their places."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leaselab.appliance.adapters.control import ERASED, SHUT_DOWN, ControlError
from leaselab.appliance.conditions import CALM, Conditions
from leaselab.appliance.config import ApplianceConfig
from leaselab.appliance.instants import HOUR, MINUTE, NEVER
from leaselab.testbed.errors import LeaselabError, NodeFailedError, UnknownNodeError
from leaselab.testbed.testing.puppets import START, Stage, staged

LAB = "name: lab\ncloud: {}\nnodes: {gw1: {kind: psa3000, licenses: [CONSEC-ADD-100U]}, gw2: {kind: psa300}}\n"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, LAB) as made:
        yield made


class Around:
    """What is wrong around each node."""

    def __init__(self, conditions: Conditions, *, skewed: bool = False) -> None:
        self.conditions = conditions
        self.skewed = skewed

    def around(self, node: str) -> Conditions:
        return self.conditions if node == "gw1" else CALM

    def was_skewed(self, node: str) -> bool:
        return self.skewed and node == "gw1"


def test_a_fleet_that_is_not_open_has_no_runtime_to_run_nodes_in(tmp_path: Path) -> None:
    stage = Stage(tmp_path, LAB)
    with contextlib.closing(stage.events):
        assert stage.fleet.runtime is None
        with pytest.raises(RuntimeError, match="no runtime yet"):
            stage.fleet._opened()


async def test_a_node_that_is_switched_on_has_booted_and_its_wish_is_known(stage: Stage) -> None:
    stage.node("gw1").next_due = START + HOUR

    await stage.fleet.start("gw1")

    assert stage.node("gw1").on
    assert stage.fleet.running("gw1").now == START
    assert stage.timekeeper.scheduler.next_due() == START + HOUR
    assert await stage.told() == [
        ("power-on", "gw1", {}),
        ("phase", "gw1", {"phase": "booting"}),
        ("phase", "gw1", {"phase": "ready"}),
    ]
    assert [(one.node, one.phase) for one in stage.progress] == [("gw1", "booting"), ("gw1", "ready")]


async def test_a_node_that_is_on_is_not_switched_on_again_but_one_that_has_halted_is(stage: Stage) -> None:
    await stage.fleet.start("gw1")
    await stage.fleet.start("gw1")
    assert stage.node("gw1").ends == []

    stage.fleet.phase("gw1", "halted", "")
    await stage.fleet.start("gw1")

    assert stage.node("gw1").ends == ["stopped"]
    assert stage.fleet.seat("gw1").phase == "ready"


async def test_a_node_that_does_not_start_says_why_and_is_off(stage: Stage) -> None:
    stage.puppets.broken["gw1"] = "gw1: its address is taken"

    with pytest.raises(NodeFailedError, match="its address is taken"):
        await stage.fleet.start("gw1")

    status = stage.fleet.status("gw1")
    assert (status.phase, status.failure) == ("off", "gw1: its address is taken")
    assert ("failed", "gw1", {"why": "gw1: its address is taken"}) in await stage.told()


async def test_a_node_whose_boot_has_had_no_turn_yet_is_waited_for(stage: Stage) -> None:
    asked = asyncio.Event()

    def nothing_yet(_request: dict[str, Any]) -> dict[str, Any]:
        asked.set()
        return {"phase": "off", "prompt": ""}

    stage.node("gw1").answers["phase"] = nothing_yet
    starting = asyncio.create_task(stage.fleet.start("gw1"))
    await asked.wait()
    assert stage.fleet.seat("gw1").phase == "booting"
    stage.fleet.phase("gw1", "wizard", "Do you accept?")
    await starting

    assert (stage.fleet.seat("gw1").phase, stage.fleet.seat("gw1").prompt) == ("wizard", "Do you accept?")


@pytest.mark.parametrize(("name", "hint"), [("gw11", "did you mean gw1?"), ("server", "it has cloud, gw1, gw2")])
async def test_a_node_that_is_not_there_is_named_with_what_is(stage: Stage, name: str, hint: str) -> None:
    with pytest.raises(UnknownNodeError) as caught:
        stage.fleet.seat(name)

    assert (caught.value.message, caught.value.hint) == (f"the lab has no node {name}", hint)


async def test_a_node_that_is_off_answers_nothing_and_the_message_says_how_to_switch_it_on(stage: Stage) -> None:
    with pytest.raises(NodeFailedError) as caught:
        await stage.fleet.request("gw1", {"do": "report"})

    assert (caught.value.message, caught.value.hint) == ("gw1 is off", "`leaselab start gw1` switches it on")


async def test_a_node_is_shut_down_or_its_power_is_cut_once(stage: Stage) -> None:
    await stage.fleet.start("gw1")
    await stage.fleet.start("gw2")

    for _ in range(2):
        await stage.fleet.stop("gw1")
        await stage.fleet.kill("gw2")

    assert (stage.node("gw1").ends, stage.node("gw2").ends) == (["stopped"], ["killed"])
    assert [event[:2] for event in await stage.told("stopped", "killed")] == [
        ("stopped", "gw1"),
        ("killed", "gw2"),
    ]
    assert stage.timekeeper.scheduler.next_due() == NEVER


async def test_an_erased_node_is_to_be_entered_all_again_and_a_removed_one_is_gone(stage: Stage) -> None:
    await stage.fleet.start("gw1")
    seat = stage.fleet.seat("gw1")
    seat.provisioned, seat.users_set, seat.entering = True, True, ()

    await stage.fleet.erase("gw1")
    await stage.fleet.remove("gw2")

    assert (seat.provisioned, seat.users_set, seat.entering) == (False, False, seat.plan.provision)
    assert stage.puppets.erased == ["gw1", "gw2"]
    assert list(stage.fleet.seats) == ["cloud", "gw1"]


async def test_faults_in_force_are_put_around_a_node_at_its_start(stage: Stage) -> None:
    stage.fleet.surroundings = Around(Conditions(disk_full=True))
    stage.node("gw1").answers["conditions"] = {"next_due": START + MINUTE}

    await stage.fleet.start("gw1")
    await stage.fleet.start("gw2")

    (request,) = [asked for asked in stage.node("gw1").asked if asked["do"] == "conditions"]
    assert request["conditions"]["disk_full"]
    assert stage.timekeeper.scheduler.next_due() == START + MINUTE
    assert [asked["do"] for asked in stage.node("gw2").asked] == ["phase"]


async def test_a_paused_node_gets_no_turns_until_it_goes_on(stage: Stage) -> None:
    stage.fleet.surroundings = Around(Conditions(paused=True))
    stage.node("gw1").next_due = START + HOUR
    await stage.fleet.start("gw1")
    assert stage.fleet.is_paused("gw1")
    assert stage.timekeeper.scheduler.next_due() == NEVER

    stage.node("gw1").answers["conditions"] = {"next_due": START + HOUR}
    await stage.fleet.suffer("gw1", CALM)

    assert stage.timekeeper.scheduler.next_due() == START + HOUR


async def test_a_node_that_is_off_suffers_nothing_yet(stage: Stage) -> None:
    await stage.fleet.suffer("gw1", Conditions(disk_full=True))

    assert stage.node("gw1").asked == []


async def test_a_clock_that_was_ever_wrong_is_told_how_wrong_it_is_now(stage: Stage) -> None:
    stage.fleet.surroundings = Around(Conditions(skew=5 * MINUTE), skewed=True)
    for name in stage.fleet.seats:
        await stage.fleet.start(name)

    told = [stage.node(name).config for name in ("gw1", "gw2")]
    assert [one.clock_skew for one in told if isinstance(one, ApplianceConfig)] == [5 * MINUTE, None]


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (ControlError("no such verb"), LeaselabError, "no such verb"),
        (ConnectionResetError("the node's process has gone"), NodeFailedError, "gw1: the node's process has gone"),
        (OSError(28, "No space left on device"), NodeFailedError, "gw1: [Errno 28] No space left on device"),
    ],
)
async def test_what_keeps_a_node_from_answering_is_told_in_words(
    stage: Stage, error: Exception, kind: type[LeaselabError], message: str
) -> None:
    await stage.fleet.start("gw1")
    stage.node("gw1").answers["report"] = error

    with pytest.raises(LeaselabError) as caught:
        await stage.fleet.request("gw1", {"do": "report"})

    assert (type(caught.value), caught.value.message) == (kind, message)


async def test_a_node_that_goes_by_itself_is_off_and_has_the_reason(stage: Stage) -> None:
    await stage.fleet.start("gw1")

    stage.fleet.lost("gw1", "its process ended by itself (signal 9)")
    stage.fleet.lost("gw1", "again")
    stage.fleet.lost("stranger", "who is that?")

    status = stage.fleet.status("gw1")
    assert (status.phase, status.failure) == ("off", "its process ended by itself (signal 9)")
    assert await stage.told("lost") == [("lost", "gw1", {"why": "its process ended by itself (signal 9)"})]


async def test_what_somebody_did_at_the_console_is_told_and_is_no_phase(stage: Stage) -> None:
    await stage.fleet.start("gw1")
    stage.fleet.seat("gw1").provisioned = True

    stage.fleet.phase("gw1", SHUT_DOWN, "")
    assert stage.fleet.seat("gw1").provisioned
    stage.fleet.phase("gw1", ERASED, "")
    stage.fleet.phase("stranger", ERASED, "")

    assert stage.at_console == [("gw1", SHUT_DOWN), ("gw1", ERASED)]
    assert (stage.fleet.seat("gw1").phase, stage.fleet.seat("gw1").provisioned) == ("ready", False)


async def test_another_prompt_is_progress_but_no_event(stage: Stage) -> None:
    stage.fleet.phase("gw1", "wizard", "First?")
    stage.fleet.phase("gw1", "wizard", "Second?")
    stage.fleet.phase("gw1", "wizard", "Second?")

    assert [one.text for one in stage.progress] == ["First?", "Second?"]
    assert await stage.told() == [("phase", "gw1", {"phase": "wizard"})]


async def test_a_parent_of_processes_that_could_not_rehearse_is_in_the_event_log(stage: Stage) -> None:
    stage.fleet.unrehearsed("a node had not booted within 10 s")

    assert await stage.told() == [("unrehearsed", "", {"why": "a node had not booted within 10 s"})]


async def test_a_wish_that_comes_earlier_is_passed_on(stage: Stage) -> None:
    await stage.fleet.start("gw1")

    stage.fleet.wakes("gw1", START + MINUTE)

    assert stage.timekeeper.scheduler.next_due() == START + MINUTE


async def test_the_status_has_the_doors_of_a_node(stage: Stage) -> None:
    gateway, cloud = stage.fleet.status("gw1", waits_for="cloud"), stage.fleet.status("cloud")

    assert (gateway.kind, cloud.kind) == ("psa3000", "cloud")
    assert gateway.admin_url == f"https://{gateway.addresses['internal']}:8443/admin"
    assert cloud.admin_url == ""  # there is nothing to administer
    assert gateway.metrics_url == f"http://{gateway.addresses['internal']}:9100/metrics"
    assert (gateway.waits_for, gateway.pid) == ("cloud", 0)


async def test_the_status_says_which_machine_a_node_is_on_as_long_as_it_is_on_one(stage: Stage) -> None:
    await stage.fleet.start("gw1")
    stage.fleet.running("gw1").machine = "east, 192.0.2.7"

    assert stage.fleet.status("gw1").machine == "east, 192.0.2.7"
    await stage.fleet.stop("gw1")
    assert stage.fleet.status("gw1").machine == ""


async def test_closing_switches_all_off_and_leaves_the_runtime(stage: Stage) -> None:
    await stage.fleet.start("gw1")
    await stage.fleet.keep()

    await stage.fleet.close()
    await stage.fleet.close()
    await stage.fleet.keep()

    assert (stage.node("gw1").on, stage.puppets.opened, stage.puppets.kept) == (False, False, 1)


async def test_a_node_that_does_not_stop_keeps_no_other_from_closing_and_is_named_in_the_end(stage: Stage) -> None:
    await stage.fleet.start("gw1")
    await stage.fleet.start("gw2")
    stage.node("gw1").stuck = NodeFailedError("the engine does not answer")

    with pytest.raises(NodeFailedError, match="the engine does not answer"):
        await stage.fleet.close()

    assert [stage.fleet.status(name).phase for name in ("gw1", "gw2")] == ["off", "off"]
    assert not stage.puppets.opened
    told = await stage.told()
    assert ("failed", "gw1", {"why": "did not stop: the engine does not answer"}) in told
    assert ("stopped", "gw2", {}) in told


async def test_a_clone_begins_with_its_originals_store_wants_nothing_and_is_removed_with_all_it_has(
    stage: Stage,
) -> None:
    original = stage.fleet.seat("gw1").plan
    config = msgspec.structs.replace(original.config, name="gw1-clone")

    await stage.fleet.clone("gw1", msgspec.structs.replace(original, name="gw1-clone", config=config))

    seat = stage.fleet.seat("gw1-clone")
    assert stage.puppets.copied == [("gw1", "gw1-clone")]
    assert (seat.clone_of, seat.provisioned, seat.entering, seat.phase) == ("gw1", True, (), "ready")
    await stage.fleet.remove("gw1-clone")
    assert "gw1-clone" not in stage.fleet.seats
    assert stage.puppets.erased == ["gw1-clone"]
