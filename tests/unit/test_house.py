"""The rules of the house that no other tool checks (CONTRIBUTING.md)."""

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SOURCE_ROOTS = ("appliance", "testbed", "monitoring")
MAX_MODULE_LINES = 500
READS_THE_CLOCK = {"now", "utcnow", "today"}
"""What a datetime, a date or a clock is asked for the present with."""

RULE_ID = re.compile(r"[A-Z]{3}-\d{2}")


def contract(name: str) -> dict[str, Any]:
    """Return an import contract by its name: the lists of rooms stand there and nowhere else."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: dict[str, Any]
    (found,) = (entry for entry in project["tool"]["importlinter"]["contracts"] if entry["name"] == name)
    return found


def modules(*folders: str) -> list[Path]:
    """Return every Python file under these folders of the project."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def files_of(room: str) -> list[Path]:
    """Return the files of a package or module by its dotted name."""
    for source_root in SOURCE_ROOTS:
        place = ROOT / source_root / Path(*room.split("."))
        if place.is_dir():
            return sorted(place.rglob("*.py"))
        if place.with_suffix(".py").is_file():
            return [place.with_suffix(".py")]
    raise AssertionError(f"pyproject.toml names a room that is not there: {room}")


def clock_reads(path: Path) -> list[str]:
    """Return where a module reads the present from anything but its arguments."""
    return [
        f"{path.relative_to(ROOT)}:{node.lineno} .{node.attr}"
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        for node in [call.func, *call.args, *(keyword.value for keyword in call.keywords)]
        if isinstance(node, ast.Attribute) and node.attr in READS_THE_CLOCK and reads(node, call)
    ]


def reads(node: ast.Attribute, call: ast.Call) -> bool:
    """Tell whether an attribute is called, or handed on as a function of the datetime module (a default factory)."""
    return node is call.func or (isinstance(node.value, ast.Name) and node.value.id in {"datetime", "date"})


@pytest.mark.parametrize("room", contract("Pure rooms touch nothing of the world")["source_modules"])
def test_a_pure_room_is_told_the_time_and_never_reads_it(room: str) -> None:
    assert [read for path in files_of(room) for read in clock_reads(path)] == []


def test_the_search_for_clock_reads_finds_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    sample = tmp_path / "sample.py"
    sample.write_text("a = datetime.now(UTC)\nb = clock.now()\nc = field(default_factory=date.today)\nd = report.now\n")

    assert clock_reads(sample) == ["sample.py:1 .now", "sample.py:2 .now", "sample.py:3 .today"]


def test_no_module_is_longer_than_five_hundred_lines() -> None:
    lengths = {path: path.read_text().count("\n") for path in modules(*SOURCE_ROOTS, "bench", "tests")}

    assert {str(path.relative_to(ROOT)): lines for path, lines in lengths.items() if lines > MAX_MODULE_LINES} == {}


def test_no_line_is_exempted_from_the_measure_of_coverage() -> None:
    exempted = re.compile(r"pragma:\s*no (cover|branch)")

    assert [str(path) for path in modules(*SOURCE_ROOTS) if exempted.search(path.read_text())] == []


def rule_book() -> list[str]:
    """Return the IDs of docs/rules.md in their order."""
    return re.findall(r"^\| ([A-Z]{3}-\d{2}) \|", (ROOT / "docs" / "rules.md").read_text(), re.MULTILINE)


def test_the_rule_book_names_each_rule_once() -> None:
    rules = rule_book()

    assert rules
    assert sorted(set(rules)) == sorted(rules)


def test_every_rule_that_the_code_or_a_document_cites_is_in_the_rule_book() -> None:
    families = {rule[:3] for rule in rule_book()}
    texts = [*modules(*SOURCE_ROOTS, "tests"), *(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]
    cited = {rule for path in texts for rule in RULE_ID.findall(path.read_text()) if rule[:3] in families}

    assert cited - set(rule_book()) == set()


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs"])
def test_links_between_the_documents_lead_somewhere(name: str) -> None:
    place = ROOT / name
    documents = [place] if place.is_file() else sorted(place.rglob("*.md"))
    broken = [
        f"{document.relative_to(ROOT)}: {target}"
        for document in documents
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text())
        if "://" not in target and not (document.parent / target).exists()
    ]

    assert broken == []
