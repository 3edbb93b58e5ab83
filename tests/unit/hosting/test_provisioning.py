"""Entering what the file wants, with puppets in the nodes' places."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from leaselab.appliance.config import ApplianceConfig
from leaselab.testbed.errors import NodeFailedError
from leaselab.testbed.hosting.provisioning import Provisioner
from leaselab.testbed.hosting.signins import SignIns
from leaselab.testbed.runtimes.protocol import RunningNode
from leaselab.testbed.testing.puppets import START, Stage, staged
from leaselab.testbed.views import UserRefusal, UsersOutcome

LAB = """
name: lab
cloud: {}
nodes:
  gw1: {kind: psa300, users: 5, license-client: {server: server, id: GW1, password: secret1}}
  gw2: {kind: psa300, licenses: [CONSEC-ADD-100U]}
  server:
    kind: psa5000
    licenses: [CONSEC-1000U-1YR]
    license-server:
      clients:
        GW1: {node: gw1, password: secret1, features: {concurrent-users: {reserved: 5, increment: 25, maximum: 50}}}
"""


class Crowd(SignIns):
    """Signs in without a gateway: all but those who are refused."""

    def __init__(self) -> None:
        super().__init__("")
        self.refused: tuple[UserRefusal, ...] = ()
        self.broken: NodeFailedError | None = None

    async def set(self, config: ApplianceConfig, node: RunningNode, count: int) -> UsersOutcome:
        del config, node
        if self.broken is not None:
            raise self.broken
        return UsersOutcome(signed_in=count - len(self.refused), refused=self.refused)


class Work:
    """A provisioner at work on a stage."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.crowd = Crowd()
        self.done = 0
        self.provisioner = Provisioner(
            stage.fleet,
            stage.timekeeper,
            self.crowd,
            stage.events,
            on_progress=stage.progress.append,
            on_done=self._note,
        )

    async def rest(self) -> None:
        """Switch on what is off, and return once nothing is left to do."""
        for name in self.stage.fleet.seats:
            await self.stage.fleet.start(name)
        async with asyncio.timeout(60):
            await self.provisioner.rest()

    def entered(self, name: str) -> list[str]:
        """Return the types of the commands that a node was given."""
        asked = [one for one in self.stage.node(name).asked if one["do"] == "provision"]
        return [command["type"] for one in asked for command in one["commands"]]

    def refuse(self, name: str, message: str, *, only: str = "") -> None:
        """Let a node refuse what it is given, or one sort of command."""

        def answer(request: dict[str, Any]) -> dict[str, Any]:
            (command,) = request["commands"]
            refusal = {"reason": "no", "message": message} if only in ("", command["type"]) else None
            return {"outcomes": [{"refused": refusal, "reply": None}]}

        self.stage.node(name).answers["provision"] = answer

    def reply(self, name: str, reply: object) -> None:
        """Let a node reply this to whatever it is given."""
        self.stage.node(name).answers["provision"] = {"outcomes": [{"refused": None, "reply": reply}]}

    def _note(self) -> None:
        self.done += 1


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Work]:
    async with staged(tmp_path, LAB) as stage:
        made = Work(stage)
        running = asyncio.create_task(made.provisioner.run())
        yield made
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def test_each_node_is_entered_after_those_that_it_needs_and_users_come_last(work: Work) -> None:
    await work.rest()

    assert await work.stage.told("provisioned", "users") == [
        ("provisioned", "cloud", {"commands": 0}),
        ("provisioned", "server", {"commands": 3}),
        ("provisioned", "gw1", {"commands": 1}),
        ("provisioned", "gw2", {"commands": 1}),
        ("users", "gw1", {"signed_in": 5, "refused": 0}),
    ]
    assert work.entered("server") == ["AddKeys", "SetServerRole", "SaveClient"]
    assert work.done == 5
    assert work.provisioner.users == {"gw1": UsersOutcome(signed_in=5)}


async def test_a_node_that_waits_at_its_console_holds_up_those_that_need_it_and_nobody_else(work: Work) -> None:
    work.stage.node("server").answers["phase"] = {"phase": "wizard", "prompt": "Do you accept?"}

    await work.rest()

    waits = {name: work.provisioner.waits_for(name) for name in work.stage.fleet.seats}
    assert waits == {
        "cloud": "",
        "gw1": "server",
        "gw2": "",
        "server": "an answer at its console: Do you accept?",
    }
    work.stage.fleet.phase("server", "ready", "")
    await work.rest()
    assert work.provisioner.waits_for("gw1") == ""


async def test_a_node_that_is_off_waits_for_its_boot(work: Work) -> None:
    assert work.provisioner.waits_for("gw1") == "its boot; it is off"


async def test_a_refusal_ends_a_nodes_provisioning_and_is_not_tried_again(work: Work) -> None:
    work.refuse("server", "a license is needed first", only="SetServerRole")

    await work.rest()
    await work.rest()

    assert work.entered("server") == ["AddKeys", "SetServerRole"]
    assert work.stage.fleet.status("server").failure == "SetServerRole: a license is needed first"
    told = {"why": "SetServerRole: a license is needed first"}
    assert await work.stage.told("refused") == [("refused", "server", told)]
    assert [work.stage.fleet.seat(name).provisioned for name in ("gw1", "gw2", "server")] == [False, True, False]
    assert work.provisioner.broken is None


async def test_a_record_that_is_there_already_is_changed(work: Work) -> None:
    def once(request: dict[str, Any]) -> dict[str, Any]:
        (command,) = request["commands"]
        refused = {"reason": "exists", "message": "there is one"} if command.get("new") else None
        return {"outcomes": [{"refused": refused, "reply": None}]}

    work.stage.node("server").answers["provision"] = once

    await work.rest()

    assert work.entered("server") == ["AddKeys", "SetServerRole", "SaveClient", "SaveClient"]
    assert work.stage.fleet.seat("server").provisioned


async def test_a_record_that_can_neither_be_added_nor_changed_is_refused_as_it_was_first(work: Work) -> None:
    messages = iter(["it is wrong", "it is wrong, and not there"])

    def refuse(request: dict[str, Any]) -> dict[str, Any]:
        (command,) = request["commands"]
        refused = {"reason": "no", "message": next(messages)} if command["type"] == "SaveClient" else None
        return {"outcomes": [{"refused": refused, "reply": None}]}

    work.stage.node("server").answers["provision"] = refuse

    await work.rest()

    assert work.stage.fleet.status("server").failure == "SaveClient: it is wrong"


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        ([{"key": "LLK1", "result": "installed", "message": ""}], ""),
        ([{"key": "LLK1", "result": "duplicate", "message": "it is there"}], ""),
        ([{"key": "LLK1", "result": "malformed", "message": "it is no key"}], "AddKeys: LLK1: it is no key"),
        ({"error": "the code is not known", "outcomes": []}, "AddKeys: the code is not known"),
        ({"error": "already provisioned for this device", "outcomes": []}, ""),
    ],
)
async def test_a_license_key_that_is_there_is_fine_and_one_that_is_none_is_not(
    work: Work, reply: object, failure: str
) -> None:
    work.reply("gw2", reply)

    await work.rest()

    assert work.stage.fleet.status("gw2").failure == failure
    assert work.stage.fleet.seat("gw2").provisioned is not bool(failure)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(28, "No space left on device"), "gw2: [Errno 28] No space left on device"),
        (KeyError("outcomes"), "'outcomes'"),
    ],
)
async def test_a_node_that_fails_stops_the_work_and_up_hears_why(work: Work, error: Exception, message: str) -> None:
    work.stage.node("gw2").answers["provision"] = error

    await work.rest()

    assert work.provisioner.broken is not None
    assert work.provisioner.broken.message == message
    assert work.provisioner.users == {}


async def test_a_node_that_does_not_get_through_its_turn_stops_the_work(work: Work) -> None:
    work.stage.node("gw2").next_due = START
    work.stage.node("gw2").fails = OSError("the disk is gone")

    await work.rest()

    assert work.provisioner.broken is not None
    assert "failed: the disk is gone" in work.provisioner.broken.message


async def test_users_who_are_refused_are_told(work: Work) -> None:
    work.crowd.refused = (UserRefusal(user="user5", why="limit"),)

    await work.rest()

    assert await work.stage.told("users") == [("users", "gw1", {"signed_in": 4, "refused": 1})]


async def test_a_gateway_that_admits_nobody_because_it_does_not_answer_has_that_as_failure(work: Work) -> None:
    work.crowd.broken = NodeFailedError("gw1 does not answer")

    await work.rest()

    assert work.stage.fleet.status("gw1").failure == "gw1 does not answer"
    assert await work.stage.told("users") == []
