"""The documents describe what the code has: every field of the wire has its line."""

import re
from pathlib import Path

import msgspec
import pytest

from leaselab.appliance.adapters.https.api.dispatch import OPERATIONS
from leaselab.appliance.adapters.https.api.openapi import OPERATION
from leaselab.appliance.licensing import messages
from leaselab.testbed.topology import loading

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("topologies/*.md"), *ROOT.glob("images/*.md")])
STRUCTS = sorted(
    (
        item
        for item in vars(messages).values()
        if isinstance(item, type) and issubclass(item, msgspec.Struct) and item.__module__ == messages.__name__
    ),
    key=lambda struct: struct.__name__,
)


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_every_field_of_a_message_is_in_the_description_of_the_protocol(struct: type[msgspec.Struct]) -> None:
    described = set(re.findall(r"`(\w+)`", (DOCS / "lease-protocol.md").read_text()))

    assert set(struct.__struct_fields__) - described == set()


def test_every_path_of_the_protocol_is_described() -> None:
    described = (DOCS / "lease-protocol.md").read_text()

    for path in messages.ROUTES:
        assert f"| `{path}` |" in described


def test_every_operation_of_the_rest_api_is_described_as_the_document_of_the_device_has_it() -> None:
    described = re.findall(r"^\| `([A-Z]+ /[^`]*)` \| (.*) \|$", (DOCS / "rest.md").read_text(), re.MULTILINE)

    assert sorted(described) == sorted((f"{one.method} {one.path}", one.summary) for one in (*OPERATIONS, OPERATION))


def test_every_decision_is_in_the_list_of_decisions() -> None:
    decisions = DOCS / "decisions"
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", (decisions / "README.md").read_text())

    assert listed == sorted(path.name for path in decisions.glob("[0-9]*.md"))


def test_every_page_is_in_the_list_of_pages() -> None:
    listed = set(re.findall(r"\(([\w/-]+\.md)\)", (DOCS / "README.md").read_text()))
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if path.parent.name != "decisions"}

    assert listed == (pages - {"README.md"}) | {"decisions/README.md"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file_that_is_there(path: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    links = [link.partition("#")[0] for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text)]

    assert [link for link in links if link and not (path.parent / link).exists()] == []


FRAME = {
    "name": "name: page\n",
    "nodes": "nodes: {gw1: {kind: psa3000}, server: {kind: psa7000c}, vls1: {kind: va-spe}}\n",
    "groups": "groups: {branches: {}}\n",
    "networks": "networks: {external: {}}\n",
}
"""What the pages' parts of topology files stand in, by section."""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_topology_of_a_page_and_every_part_of_one_is_accepted(path: Path) -> None:
    for block in re.findall(r"^```yaml[^\n]*\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL):
        written = set(re.findall(r"^([a-z-]+):", block, re.MULTILINE))
        text = block + "".join(frame for section, frame in FRAME.items() if section not in written)

        assert loading.read(text, file=str(path)).nodes


def headings(path: Path) -> set[str]:
    """Return what a link to a part of a page may name: its headings, as GitHub writes them."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_part_of_a_page_leads_to_a_heading_that_is_there(path: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*\.md|)#([^)]+)\)", path.read_text())

    assert [(page, part) for page, part in links if part not in headings(path.parent / page if page else path)] == []
