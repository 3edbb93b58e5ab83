"""Stories that once broke a rule, told again: what each of them found stays mended."""

from pathlib import Path

import pytest

from leaselab.testbed.testing.story import Story, new_fleet, tell

STORIES = Path(__file__).parent / "stories"


@pytest.mark.parametrize("name", sorted(file.stem for file in STORIES.glob("*.json")))
def test_a_story_that_broke_a_rule_breaks_none_any_more(name: str) -> None:
    steps = Story.load(STORIES / f"{name}.json").steps

    tell(steps, new_fleet())
