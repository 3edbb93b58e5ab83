"""docs/cli.md has every verb, every option, and every name in the JSON."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest

from leaselab.appliance.licensing.views import FeatureCounts, LeaseRow, LicenseRow
from leaselab.monitoring.grafana import Pushed
from leaselab.testbed.capacity.preflight import Finding
from leaselab.testbed.checking.plan import Outcome
from leaselab.testbed.cli.app import VERBS, load
from leaselab.testbed.containers.images import ImageInfo
from leaselab.testbed.errors import Problem
from leaselab.testbed.pictures.graph import Arrow, Box, Picture
from leaselab.testbed.pictures.timeline import FaultPeriod, Mark, Period, Point, Timeline, Track
from leaselab.testbed.simulation.invariants import Violation
from leaselab.testbed.simulation.run import Figures, PoolFigures
from leaselab.testbed.views import (
    Advanced,
    ClockStatus,
    FaultRow,
    LabEvent,
    LabInfo,
    LabStatus,
    NodeLogLine,
    NodeStatus,
    Step,
)

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "cli.md").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "topologies").glob("*.md")])
NAMES = [name for section in VERBS.values() for name in section]


def chapter(verb: str) -> str:
    """Return what the page says under a verb's heading; headings that follow each other share what follows."""
    found = re.search(rf"^### {verb}\n((?:### \w+\n)*.*?)(?=^##)", PAGE + "\n##", re.MULTILINE | re.DOTALL)
    assert found, f"docs/cli.md has no heading for {verb}"
    text = found.group(1)
    if text.strip():
        return text
    following = NAMES[NAMES.index(verb) + 1]
    return chapter(following)


def options(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Option]]:
    """Yield every option of a verb, those of its own sub-commands included."""
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield path, parameter
    if isinstance(command, click.Group):
        for name, nested in command.commands.items():
            yield from options(nested, (*path, name))


EVERY_OPTION = [(path, option) for name in NAMES for path, option in options(load(name), (name,))]


def variable(path: tuple[str, ...], option: click.Option) -> str:
    """Return the environment variable of an option."""
    if option.envvar:
        return str(option.envvar)
    return "_".join(["LEASELAB", *path, option.name or ""]).upper()


@pytest.mark.parametrize("heading", VERBS)
def test_the_page_has_the_headings_of_the_help(heading: str) -> None:
    assert f"\n## {heading}\n" in PAGE


def test_every_verb_has_a_chapter_and_no_other_has() -> None:
    assert set(re.findall(r"^### (\w+)$", PAGE, re.MULTILINE)) == set(NAMES)


@pytest.mark.parametrize(
    ("path", "option"), EVERY_OPTION, ids=lambda value: "-".join(value) if isinstance(value, tuple) else value.name
)
def test_every_option_is_in_its_verbs_chapter_with_its_variable(path: tuple[str, ...], option: click.Option) -> None:
    assert f"`{option.opts[0]}" in chapter(path[0])
    assert f"`{variable(path, option)}`" in PAGE


@pytest.mark.parametrize(
    ("path", "option"), EVERY_OPTION, ids=lambda value: "-".join(value) if isinstance(value, tuple) else value.name
)
def test_the_variable_of_an_option_is_its_own_name_in_capitals(path: tuple[str, ...], option: click.Option) -> None:
    flag = option.opts[0].removeprefix("--").replace("-", "_").upper()

    assert variable(path, option) in {f"LEASELAB_{flag}", "_".join(["LEASELAB", *path, flag]).upper()}
    assert option.show_envvar


@pytest.mark.parametrize(
    ("verb", "struct"),
    [
        ("labs", LabInfo),
        ("status", LabStatus),
        ("status", NodeStatus),
        ("time", ClockStatus),
        ("up", Step),
        ("leases", FeatureCounts),
        ("leases", LeaseRow),
        ("licenses", LicenseRow),
        ("events", LabEvent),
        ("logs", NodeLogLine),
        ("fault", FaultRow),
        ("check", Outcome),
        ("graph", Picture),
        ("graph", Box),
        ("graph", Arrow),
        ("doctor", Finding),
        ("images", ImageInfo),
        ("simulate", Figures),
        ("simulate", PoolFigures),
        ("simulate", Violation),
        ("timeline", Timeline),
        ("timeline", Track),
        ("timeline", Point),
        ("timeline", Period),
        ("timeline", Mark),
        ("timeline", FaultPeriod),
        ("monitor", Pushed),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_every_name_in_the_json_is_in_the_chapter(verb: str, struct: type[msgspec.Struct]) -> None:
    described = set(re.findall(r"`(\w+)`", chapter(verb)))

    assert set(getattr(struct, "__struct_fields__", None) or struct.__annotations__) - described == set()


def test_what_an_advance_and_a_problem_print_is_described() -> None:
    shown = set(Advanced.__struct_fields__) - {"failure"}  # an advance that failed is an error, not an answer

    assert shown - set(re.findall(r"`(\w+)`", chapter("time"))) == set()
    assert set(Problem.__dataclass_fields__) - set(re.findall(r"`(\w+)`", chapter("validate"))) == set()


def shown(page: str) -> Iterator[list[str]]:
    """Yield the words after ``leaselab`` of each command on a page, up to what the shell or the reader fills in."""
    blocks = re.findall(r"^```.*?\n(.*?)^```$|((?:^    .*\n)+)", page, re.MULTILINE | re.DOTALL)
    lines = [line for fenced, indented in blocks for line in (fenced or indented).splitlines()]
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    commands = [found[1] for line in lines if (found := re.match(r"\s*(?:\$ )?(?:\.venv/bin/)?leaselab (.*)", line))]
    for command in [*commands, *re.findall(r"`leaselab ([^`]+)`", prose)]:
        yield shlex.split(re.split(r"\s*(?:\d?>|[\\\[|;&])", command)[0], comments=True)


def parse(command: click.Command, path: str, words: list[str]) -> None:
    """Parse what is typed after a command, as far as that needs no file and no lab."""
    _, rest, _ = command.make_parser(click.Context(command, info_name=path)).parse_args(list(words))
    if isinstance(command, click.Group) and rest:
        parse(command.commands[rest[0]], f"{path} {rest[0]}", rest[1:])
    else:
        assert rest == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_a_page_shows_is_one_that_there_is(path: Path) -> None:
    for verb, *words in shown(path.read_text()):
        if verb not in {"VERB", "--help", "--version"}:
            parse(load(verb), verb, words)


def test_a_command_that_there_is_not_is_found_on_a_page() -> None:
    page = "```\n$ leaselab up lab.yml --wait 3 | head\n```\nand `leaselab time forward 3d`\n"
    wrong_option, wrong_verb = shown(page)

    assert (wrong_option, wrong_verb) == (["up", "lab.yml", "--wait", "3"], ["time", "forward", "3d"])
    with pytest.raises(click.NoSuchOption):
        parse(load("up"), "up", wrong_option[1:])
    with pytest.raises(KeyError):
        parse(load("time"), "time", wrong_verb[1:])
