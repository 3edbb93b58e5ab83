"""docs/topology.md has every key of every section, and says what each takes."""

import re
from collections.abc import Iterator
from inspect import getsource, isfunction
from types import ModuleType

import pytest

from leaselab.testbed.topology import checklist, checks, node_checks, reference
from leaselab.testbed.topology.checks import FILE_CHECKS, RELATION_CHECKS
from leaselab.testbed.topology.node_checks import NODE_CHECKS
from leaselab.testbed.topology.schema import LicenseServer, Section, TopologyFile

PAGE = reference.page()


def models(within: type[Section] = Section) -> Iterator[type[Section]]:
    for model in within.__subclasses__():
        yield model
        yield from models(model)


def keys(chapter: str) -> dict[str, list[str]]:
    """Return the cells of each key's row in a chapter of the page."""
    text = PAGE.partition(f"\n## {chapter}\n")[2].partition("\n## ")[0]
    rows = (re.split(r" (?<!\\)\| ", line.strip("| ")) for line in text.splitlines() if line.startswith("| `"))
    return {row[0].strip("`"): row[1:] for row in rows}


def written(model: type[Section]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


@pytest.mark.parametrize("model", list(models()), ids=lambda model: model.__name__)
def test_every_section_has_a_chapter_with_its_keys_or_leads_to_those_that_it_shares(model: type[Section]) -> None:
    base = model.__mro__[1]
    inherited = set() if base is Section else written(base)

    assert set(keys(reference.title(model.__name__))) == written(model) - inherited


def test_a_row_says_what_a_key_takes_and_what_holds_without_it() -> None:
    rows = keys("License server")

    assert rows["incremental-lease"][:2] == ["duration, e.g. `24h`, `10d`", "-"]
    assert rows["clients"][:2] == ["mapping of letters and digits to [Client](#client)", "-"]
    assert keys("License client")["preferred-network"][:2] == ["`internal`, `external`, `management`", "`internal`"]
    assert keys("File")["name"][:2] == ["lab name", "required"]
    assert keys("Syslog")["port"][:2] == ["integer, 1 to 65535", "`514`"]
    assert keys("Fault")["probability"][:2] == ["number, 0 to 1", "`1`"]


def test_a_chapter_says_where_its_section_stands() -> None:
    chapter = PAGE.partition("\n## License server\n")[2].partition("\n## ")[0]

    assert f"{LicenseServer.__doc__} Stands at `license-server` of [Settings](#settings)." in chapter


CHECKS = (*FILE_CHECKS, *NODE_CHECKS, *RELATION_CHECKS)


@pytest.mark.parametrize("module", [checks, node_checks])
def test_every_check_that_a_module_has_is_made(module: ModuleType) -> None:
    public = {one for name, one in vars(module).items() if isfunction(one) and not name.startswith("_")}
    found = {one for one in public if "Iterator[Complaint]" in str(one.__annotations__.get("return"))}

    assert found - set(CHECKS) - {checks.examine} == set()


@pytest.mark.parametrize("module", [checks, node_checks, checklist])
def test_what_must_hold_names_every_rule_that_a_complaint_names(module: ModuleType) -> None:
    held = PAGE.partition("\n## What must hold\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"[A-Z]{3}-\d\d", getsource(module)))

    assert held.count("\n- ") == len(CHECKS)
    assert {rule for rule in named if rule not in held} == set()


def test_a_form_that_there_are_no_words_for_is_told_by_its_pattern_and_another_is_an_error() -> None:
    assert reference.takes({"type": "string", "pattern": "^[a-f]+$"}) == "text that matches `^[a-f]+$`"
    with pytest.raises(ValueError, match="has no words for"):
        reference.takes({"not": {}})


def test_every_key_has_a_description_for_editors_and_readers() -> None:
    assert [key for model in models() for key, field in model.model_fields.items() if not field.description] == []
    assert TopologyFile.__doc__
