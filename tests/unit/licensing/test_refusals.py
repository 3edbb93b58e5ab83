"""What an appliance refuses changes nothing, on it or on any other, and it says why (CFG-04, KEY-02).

Whatever it is asked by: a command, a call of the REST API, a form of the admin console or a verb of the command line.
"""

import json
import re
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from tests.unit.licensing.refusals import CASES, KEYS, Case, staged

from leaselab.appliance.licensing import commands as c
from leaselab.appliance.licensing.messages import Heartbeat
from leaselab.appliance.licensing.views import Report
from leaselab.appliance.machine import Command, Refusal
from leaselab.testbed.cli import admin, main
from leaselab.testbed.cli import license as license_verbs
from leaselab.testbed.node import Node
from leaselab.testbed.simulation.faults import SimulatedFaults
from leaselab.testbed.simulation.lab import SimulatedLine
from leaselab.testbed.simulation.run import simulated_plan
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.visitor import Visitor
from leaselab.testbed.topology.loading import read

PLAN = simulated_plan(read("name: fleet\nnodes: {gw: {kind: psa3000}}\n", file="fleet.yml"))
"""Of a lab of one node: a line wants one, and the fleet's devices are in none."""

FEW = 4
"""Words that it takes at least to say why."""


@pytest.fixture
def fleet() -> Fleet:
    return staged()


def everything(fleet: Fleet) -> dict[str, tuple[bytes, int]]:
    """Return all that the devices know, and how much each has in its history."""
    return {
        name: (msgspec.json.encode(device.state), len(list(fleet.store.history(name))))
        for name, device in fleet.devices.items()
    }


def known(devices: dict[str, tuple[bytes, int]]) -> dict[str, Any]:
    """Return what the devices know beside that a key was refused, which they count and log."""
    states = {name: msgspec.json.decode(state) for name, (state, _) in devices.items()}
    for state in states.values():
        state.get("counters", {}).pop("keys_refused", None)
    return states


# --- the ways to ask -------------------------------------------------------------------------------------------------


class FleetLab:
    """A fleet as the verbs of the command line see a lab."""

    def __init__(self, fleet: Fleet) -> None:
        self._line = SimulatedLine(PLAN, fleet.world, SimulatedFaults(fleet.world, (), seed=PLAN.seed))

    def __getitem__(self, name: str) -> Node:
        return Node(name, self._line, Path())

    def reports(self, names: Iterable[str]) -> dict[str, Report]:
        return {name: self[name].report() for name in names}


class Stage(NamedTuple):
    """What it takes to ask by any way."""

    fleet: Fleet
    folder: Path
    patch: pytest.MonkeyPatch
    shown: pytest.CaptureFixture[str]


Way = Callable[[Stage, Case, Command], Callable[[], str]]
"""Prepares to ask, and returns what asks and tells what was said."""


def by_call(stage: Stage, case: Case, command: Command) -> Callable[[], str]:
    asked, status, *bodies = case.call
    method, path = asked.split()
    body = next((made(command) if callable(made) else made for made in bodies), None)
    caller = Visitor(stage.fleet, case.name)
    caller.call("GET", "/license/summary")

    def ask() -> str:
        assert caller.call(method, path, msgspec.to_builtins(body)) == status
        answer = json.loads(caller.body)
        (one,) = answer["result"]["errors"] if status >= 400 else answer["outcomes"]
        assert one.get("result", case.reason) == case.reason
        return str(one["message"])

    return ask


def by_form(stage: Stage, case: Case, command: Command) -> Callable[[], str]:
    address, fields = case.form
    visitor = Visitor.administrator(stage.fleet, case.name, address)

    def ask() -> str:
        visitor.submit(**(fields(command) if callable(fields) else fields))
        return visitor.text

    return ask


def by_verb(stage: Stage, case: Case, command: Command) -> Callable[[], str]:
    lab, file = FleetLab(stage.fleet), stage.folder / "document"
    for verbs in (admin, license_verbs):
        stage.patch.setattr(verbs, "chosen_lab", lambda _name: lab)
    words = shlex.split(case.verb)
    if isinstance(command, c.ImportConfiguration):
        file.write_bytes(command.document)
        words += [] if command.sections == c.SECTIONS else ["--section", *command.sections]
        words[words.index("PASSWORD")] = command.password
    if isinstance(command, c.AddKeys):
        words = [command.keys[0] if word == "KEY" else word for word in words]

    def ask() -> str:
        there = file.exists()
        assert main([str(file) if word == "FILE" else word for word in words]) == case.exit_code
        assert file.exists() == there
        return " ".join(stage.shown.readouterr())

    return ask


WAYS: dict[str, tuple[Way, Callable[[Case], bool]]] = {
    "call": (by_call, lambda case: bool(case.call)),
    "form": (by_form, lambda case: bool(case.form)),
    "verb": (by_verb, lambda case: bool(case.verb)),
}


def in_own_words(way: str, case: Case) -> bool:
    """Tell whether the way refuses before the appliance is asked."""
    return case.command is None or (way == "call" and case.call[1] == 400) or (way == "verb" and case.exit_code == 2)


def each(cases: list[Case]) -> list[Any]:
    return [
        pytest.param(way, case, id=f"{way}-{case.name}-{case.reason}-{number}")
        for number, case in enumerate(cases)
        for way, (_, takes) in WAYS.items()
        if takes(case)
    ]


@pytest.fixture
def stage(fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Stage:
    return Stage(fleet, tmp_path, monkeypatch, capsys)


def prepared(fleet: Fleet, case: Case) -> Command:
    return case.command(fleet) if callable(case.command) else case.command or c.PullState()


# --- the tests -------------------------------------------------------------------------------------------------------


@pytest.mark.rule("CFG-04")
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{case.name}-{case.reason}-{n}")
        for n, case in enumerate(CASES)
        if case.command is not None
    ],
)
def test_a_refused_command_changes_nothing_anywhere_and_says_why(fleet: Fleet, case: Case) -> None:
    command = prepared(fleet, case)
    before = everything(fleet)

    refusal = fleet.ask(case.name, command)

    assert isinstance(refusal, Refusal)
    assert (refusal.reason, everything(fleet) == before) == (case.reason, True)
    assert len(refusal.message.split()) >= FEW


@pytest.mark.rule("CFG-04")
@pytest.mark.parametrize(("way", "case"), each(CASES))
def test_what_is_refused_by_any_way_changes_nothing_anywhere_and_is_told_why(
    stage: Stage, way: str, case: Case
) -> None:
    fleet, command = stage.fleet, prepared(stage.fleet, case)
    ask = WAYS[way][0](stage, case, command)
    before = everything(fleet)

    said = ask()

    assert everything(fleet) == before
    assert len(said.split()) >= FEW
    if not in_own_words(way, case):
        assert fleet.ask(case.name, command).message.lower() in said.lower()


@pytest.mark.rule("KEY-02")
@pytest.mark.parametrize("case", KEYS, ids=[case.reason for case in KEYS])
def test_a_key_that_is_not_taken_changes_nothing_anywhere_and_says_why(fleet: Fleet, case: Case) -> None:
    command = prepared(fleet, case)
    before = everything(fleet)

    (outcome,) = fleet.do(case.name, command)

    assert outcome.result == case.reason
    assert known(everything(fleet)) == known(before)
    assert len(outcome.message.split()) >= FEW


@pytest.mark.rule("KEY-02")
@pytest.mark.parametrize(("way", "case"), each(KEYS))
def test_a_key_that_is_not_taken_by_any_way_changes_nothing_anywhere_and_says_why(
    stage: Stage, way: str, case: Case
) -> None:
    fleet, command = stage.fleet, prepared(stage.fleet, case)
    ask = WAYS[way][0](stage, case, command)
    before = everything(fleet)

    said = ask()

    assert known(everything(fleet)) == known(before)
    (outcome,) = fleet.do(case.name, command)
    assert outcome.message.lower() in said.lower()


ELSEWHERE = {
    "no-cloud": "licensing/test_refusals.py",
    "stopped": "licensing/test_standing.py",
    "unknown": "licensing/test_refusals.py",
    "version": "licensing/test_import_refusals.py",
}
"""Reasons that take a stage of their own."""


def test_without_a_cloud_there_is_nothing_to_download_and_a_foreign_message_is_no_command() -> None:
    fleet = Fleet(cloud="")
    fleet.appliance("gw")
    caller = Visitor(fleet, "gw")
    caller.call("GET", "/license/summary")
    before = everything(fleet)

    foreign = Heartbeat(hardware_id="", token="", request_id="", sent_at=0)
    reasons = [fleet.ask("gw", command).reason for command in (c.DownloadKeys(), foreign)]

    assert caller.call("POST", "/license/download", {}) == 409
    assert (reasons, everything(fleet)) == (["no-cloud", "unknown"], before)


def test_no_reason_is_left_out() -> None:
    licensing = Path(__file__).parents[3] / "appliance" / "leaselab" / "appliance" / "licensing"
    written = {
        found for file in licensing.rglob("*.py") for found in re.findall(r'Refusal\(\s*"([a-z-]+)"', file.read_text())
    }
    tried = {case.reason for case in [*CASES, *KEYS]}

    assert written - tried - set(ELSEWHERE) == set()
    for reason, file in ELSEWHERE.items():
        assert f'"{reason}"' in (Path(__file__).parents[1] / file).read_text()


def test_every_call_that_changes_something_is_refused_in_the_table() -> None:
    from leaselab.appliance.adapters.https.api.dispatch import OPERATIONS

    asked = [case.call[0].split() for case in [*CASES, *KEYS] if case.call]
    never = [
        f"{one.method} {one.path}"
        for one in OPERATIONS
        if one.method != "GET"
        and not one.path.endswith("auth")  # who may ask at all is another matter: integration/test_rest.py
        and not any(method == one.method and one.parameters(path) is not None for method, path in asked)
    ]

    assert never == []
