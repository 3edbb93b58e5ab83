"""One writer per device: what is kept, in which order, and what a restart brings back."""

import msgspec
import pytest

from leaselab.appliance.device import RunawayError
from leaselab.appliance.licensing.appliance import ApplianceEvent, ApplianceMachine
from leaselab.appliance.licensing.commands import SetServer
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Agenda, Decision, Due
from leaselab.testbed.testing.fleet import Fleet, settled


@pytest.fixture
def fleet() -> Fleet:
    return Fleet.pair("CONSEC-1000U-1YR", reserved=50, increment=10, maximum=100)


@pytest.mark.parametrize("name", ["server", "GW1"])
def test_history_replayed_is_the_state(fleet: Fleet, name: str) -> None:
    fleet.sign_in("GW1", 75)
    fleet.advance(days=3)
    machine, state = ApplianceMachine(), fleet.factory_state(name)

    for _, at, body in fleet.store.history(name):
        machine.evolve(state, msgspec.json.decode(body, type=ApplianceEvent), at)

    kept = fleet.devices[name].state
    assert state.agenda.entries == kept.agenda.entries
    state.agenda = kept.agenda  # but for the order that its entries came in
    assert state == kept


def test_a_snapshot_holds_all_that_the_events_before_it_built(fleet: Fleet) -> None:
    fleet.sign_in("GW1", 75)
    state = fleet.devices["GW1"].state

    text = msgspec.json.encode(state)

    assert msgspec.json.encode(msgspec.json.decode(text, type=ApplianceState)) == text


def test_a_restart_after_many_events_reads_the_snapshot_and_only_what_came_later(fleet: Fleet) -> None:
    for _ in range(3):
        fleet.advance(days=60)
    before = fleet.report("GW1")

    fleet.restart("GW1")

    state, events = fleet.store.load("GW1")
    assert state is not None
    assert len(list(events)) < 2_000
    assert fleet.report("GW1") == before


def test_a_message_that_was_on_its_way_is_sent_again_with_the_same_key(fleet: Fleet) -> None:
    device = fleet.devices["GW1"]
    command = SetServer(server="server", client_id="GW1", password="secret1", password_again="secret1")
    device._decide(command)  # the process ends between the commit and the sending
    envelope = next(iter(device.state.outbox.values()))

    fleet.restart("GW1")

    assert envelope.id not in fleet.devices["GW1"].state.outbox
    assert fleet.leased("GW1") == 50


def test_a_refused_command_leaves_no_trace(fleet: Fleet) -> None:
    before = list(fleet.store.history("GW1"))

    fleet.ask("GW1", SetServer(server="", client_id="GW1", password="x", password_again="x"))

    assert list(fleet.store.history("GW1")) == before


def test_an_agenda_entry_that_keeps_coming_due_is_an_error_that_names_it(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = fleet.devices["GW1"]
    device.state.agenda.set("stuck", fleet.clock.now())
    plain = ApplianceMachine.decide

    def decide(machine: ApplianceMachine, state: ApplianceState, command: object, now: int) -> object:
        return Decision() if command == Due(key="stuck") else plain(machine, state, command, now)  # type: ignore[arg-type] # one command more than the machine's

    monkeypatch.setattr(ApplianceMachine, "decide", decide)

    with pytest.raises(RunawayError, match="'stuck'"):
        settled(device.run_due(fleet.clock.now()))


def test_an_agenda_gives_the_earliest_entry_and_orders_equals_by_key() -> None:
    agenda = Agenda()
    agenda.set("b", 5)
    agenda.set("a", 5)
    agenda.set("c", 3)
    assert agenda.next() == (3, "c")

    agenda.set("c", 9)
    assert agenda.next() == (5, "a")
    agenda.drop("a")
    assert agenda.next() == (5, "b")


def test_an_agenda_entry_that_is_moved_time_and_again_costs_one_row() -> None:
    agenda = Agenda()
    for due_at in (*range(3, 9), 4, *range(5, 9)):
        agenda.set("lease-end", due_at)
    agenda.set("contact", 6)

    assert agenda.next() == (6, "contact")
    agenda.drop("contact")
    assert agenda.next() == (8, "lease-end")
    agenda.drop("lease-end")
    agenda.set("lease-end", 9)
    assert agenda.next() == (9, "lease-end")
    assert len(agenda.heap) == 1
