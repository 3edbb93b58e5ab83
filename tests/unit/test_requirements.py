"""The locked requirements: hashes for everything, addresses for nothing."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKED = sorted((ROOT / "requirements").glob("*.txt"))
NAME = r"([a-z0-9.-]+)(?:\[[a-z0-9,-]+\])?"  # pip refuses a package with extras whose lock has lost them


def normal(name: str) -> str:
    """Return a distribution's name as the locked files write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(text: str) -> dict[str, str]:
    """Return name to version."""
    return dict(re.findall(rf"^{NAME}==([^\s;]+)", text, re.MULTILINE))


def test_the_four_locked_files_are_there() -> None:
    assert [path.name for path in LOCKED] == ["audit.txt", "dev.txt", "peers.txt", "runtime.txt"]


@pytest.mark.parametrize("path", LOCKED, ids=lambda path: path.name)
def test_a_locked_file_names_no_address_and_no_path(path: Path) -> None:
    text = path.read_text()

    assert re.findall(r"https?:|file:|^-|^/|--(?!hash=)", text, re.MULTILINE) == []


@pytest.mark.parametrize("path", LOCKED, ids=lambda path: path.name)
def test_every_locked_version_is_exact_and_carries_hashes(path: Path) -> None:
    entries = re.split(r"\n(?=[a-z])", path.read_text().rstrip())

    loose = [
        entry
        for entry in entries
        if not re.match(rf"{NAME}==\S+( ;[^\n]+)? \\\n    --hash=sha256:[0-9a-f]{{64}}", entry)
    ]
    assert loose == []


def test_what_the_project_depends_on_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime = pinned((ROOT / "requirements" / "runtime.txt").read_text())
    dev = pinned((ROOT / "requirements" / "dev.txt").read_text())
    wanted = {normal(re.split(r"[<>=;\[ ]", line)[0]) for line in project["project"]["dependencies"]}
    tools = {
        normal(re.split(r"[<>=;\[ ]", line)[0]) for line in project["dependency-groups"]["dev"] if isinstance(line, str)
    }

    assert wanted - set(runtime) == set()
    assert tools - set(dev) == set()


def test_the_tools_are_locked_on_top_of_the_same_runtime_versions() -> None:
    runtime = pinned((ROOT / "requirements" / "runtime.txt").read_text())
    dev = pinned((ROOT / "requirements" / "dev.txt").read_text())

    assert {name: dev.get(name) for name in runtime} == runtime
