"""A story is kept as a file and told again as it was."""

import json
from pathlib import Path
from typing import Any

import pytest

from leaselab.appliance.licensing.commands import CONCURRENT_USERS, Allocation
from leaselab.appliance.machine import Command, Refusal
from leaselab.testbed.cli import main
from leaselab.testbed.simulation.network import Mishap
from leaselab.testbed.testing import story
from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.story import CLIENTS, TWIN, AnyStep, BrokenRuleError, Story, new_fleet, tell

FIRST = Allocation(reserved=10, increment=5, maximum=30)
STEPS: tuple[AnyStep, ...] = (
    story.Begin(virtual=True, skews=dict.fromkeys(["server", TWIN, *CLIENTS], 60), first=FIRST),
    story.SignIn("gw1", 12, CONCURRENT_USERS),
    story.SignOut("gw1", 2),
    story.Crowd("gw2", 25),
    story.Administer("gw1", "twin"),
    story.SaveClient("gw1", {CONCURRENT_USERS: FIRST}, new=False, expires_in=48),
    story.ChangeLicenses("CONSEC-25U-1YR", None),
    story.OwnLicenses("gw1", "own"),
    story.OwnLicenses("gw1", "surrender"),
    story.Weather((("gw1", True, False),), "refusing"),
    story.Mishaps("gw1", (Mishap.LOST_REPLY, Mishap.POWER_CUT)),
    story.Restart("server"),
    story.LosePower("gw1", download=True),
    story.Advance(1440),
)


def test_every_step_is_kept_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "story.json"
    Story(seed=7, steps=STEPS).save(file)

    assert Story.load(file) == Story(seed=7, steps=STEPS)
    assert {type(step) for step in STEPS} == set(AnyStep.__args__)


def test_a_story_told_twice_has_one_end() -> None:
    ends = []
    for _ in range(2):
        fleet = new_fleet()
        tell(STEPS, fleet)
        ends.append((fleet.clock.now(), fleet.report("server"), fleet.report("gw1")))

    assert ends[0] == ends[1]


class Chatty(Fleet):
    """A fleet with a broken rule: what is refused leaves a mark in the device's history."""

    def ask(self, name: str, command: Command) -> Any:
        reply = super().ask(name, command)
        if isinstance(reply, Refusal):
            self.store.append(name, self.clock.now(), [b"{}"])
        return reply


def test_a_refusal_that_changes_something_is_a_broken_rule() -> None:
    with pytest.raises(BrokenRuleError, match=r"server refused and changed: .*leases to no MAG"):
        tell(STEPS[:1], new_fleet(Chatty))


def test_the_verb_tells_a_story_step_by_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "story.json"
    Story(seed=7, steps=STEPS).save(file)

    assert main(["simulate", "--story", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(STEPS) + 1
    assert lines[-1] == f"{len(STEPS)} steps, all invariants held"
    assert main(["simulate", "--story", str(file), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"seed": 7, "steps": len(STEPS), "of": len(STEPS), "broken": ""}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("steps", "is no story"),
        ('{"seed": 1, "steps": []}', "its first step is to be `begin`"),
        ('{"seed": 1, "steps": [{"step": "advance", "minutes": 1}]}', "its first step is to be `begin`"),
        ('{"seed": 1, "steps": [{"step": "sleep"}]}', "is no story"),
    ],
)
def test_a_file_that_is_no_story_is_a_wrong_call(
    tmp_path: Path, text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "story.json"
    file.write_text(text)

    assert main(["simulate", "--story", str(file)]) == 2
    assert words in capsys.readouterr().err


def test_a_lab_and_a_story_at_once_are_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate"]) == main(["simulate", "lab.yml", "--story", "story.json"]) == 2
    assert capsys.readouterr().err.count("give a FILE, or a story with --story") == 2
