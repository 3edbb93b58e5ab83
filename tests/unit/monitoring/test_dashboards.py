"""Dashboards: Grafana's own types find nothing in them that they do not know; every query names real metrics."""

import json
import re
import typing
from collections.abc import Iterator
from enum import Enum
from typing import Any

import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from leaselab.appliance.adapters.metrics.families import DEVICE_FAMILIES, REQUEST_DURATION
from leaselab.monitoring.dashboards import DASHBOARDS, Board
from leaselab.monitoring.dashboards.board import WIDTH
from leaselab.monitoring.rules import ALERTS, RECORDINGS
from leaselab.testbed.hosting.metrics import LAB_FAMILIES

KNOWN = {*DEVICE_FAMILIES, *LAB_FAMILIES, f"{REQUEST_DURATION.name}_bucket"}
OF_PROMETHEUS = {"step", "titleFormat", "textFormat", "tagKeys"}
"""Of an annotation: its data source's own keys, which Grafana hands on and its types do not list."""

every_board = pytest.mark.parametrize("board", DASHBOARDS, ids=lambda board: board.uid)


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Yield what of ours is not in theirs, or is there as something else. What theirs adds are defaults."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key not in theirs:
                yield f"{path}/{key} is lost"
            else:
                yield from differences(value, theirs[key], f"{path}/{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for index, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from differences(one, other, f"{path}/{index}")
    elif ours != theirs:
        yield f"{path} is {theirs!r}, not {ours!r}"


JSON_TYPES: dict[Any, Any] = {str: str, bool: bool, int: int, float: (int, float), type(None): type(None)}


def parsed(model: dict[str, Any]) -> Dashboard:
    plugins.register_default_plugins()
    return Dashboard.from_json(model)


def round_trip(model: dict[str, Any]) -> Any:
    read = json.loads(JSONEncoder().encode(parsed(model)))
    for ours, theirs in zip(model["annotations"]["list"], read["annotations"]["list"], strict=True):
        theirs |= {key: value for key, value in ours.items() if key in OF_PROMETHEUS}
    return read


def misfits(value: Any, kind: Any, path: str = "") -> Iterator[str]:
    """Yield what of a parsed dashboard is not of the type that Grafana's types give it: parsing looks at names only."""
    options = typing.get_args(kind)
    if hasattr(value, "to_json"):
        for name, one in typing.get_type_hints(type(value)).items():
            yield from misfits(getattr(value, name), one, f"{path}/{name}")
    elif typing.get_origin(kind) is typing.Union:
        found = [list(misfits(value, option, path)) for option in options]
        yield from [] if [] in found else found[0]
    elif typing.get_origin(kind) in {list, dict} and isinstance(value, typing.get_origin(kind)):
        for index, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from misfits(item, options[-1], f"{path}/{index}")
    elif typing.get_origin(kind) is typing.Literal or (isinstance(kind, type) and issubclass(kind, Enum)):
        allowed = options or tuple(member.value for member in kind)
        if value not in allowed:
            yield f"{path} is {value!r}, none of {allowed}"
    elif typing.get_origin(kind) in {list, dict} or (kind in JSON_TYPES and not isinstance(value, JSON_TYPES[kind])):
        yield f"{path} is {value!r}, no {kind}"


@every_board
def test_grafanas_own_types_keep_all_that_a_dashboard_says(board: Board) -> None:
    model = json.loads(json.dumps(board.model()))

    assert list(differences(model, round_trip(model))) == []


@every_board
def test_every_value_of_a_dashboard_is_of_the_type_that_grafana_gives_it(board: Board) -> None:
    assert list(misfits(parsed(board.model()), Dashboard)) == []


def changed(place: str, value: Any) -> dict[str, Any]:
    """Return a dashboard in which something is other than we wrote it."""
    model: dict[str, Any] = json.loads(json.dumps(DASHBOARDS[1].model()))
    *within, last = place.split("/")
    item: Any = model
    for part in within:
        item = item[int(part) if isinstance(item, list) else part]
    item[last] = value
    return model


@pytest.mark.parametrize(
    "place",
    [
        "tite",
        "templating/list/1/refrsh",
        "panels/0/kind",
        "panels/0/gridPos/z",
        "panels/0/options/colourMode",
        "panels/0/fieldConfig/defaults/unti",
        "panels/0/fieldConfig/defaults/thresholds/step",
        "panels/4/fieldConfig/defaults/custom/lineWith",
        "panels/4/options/legend/show",
        "panels/4/targets/0/legend",
        "panels/8/options/showHeaders",
        "panels/10/options/perpage",
        "panels/10/fieldConfig/defaults/mappings/0/options/2/colour",
        "links/0/keeptime",
    ],
)
def test_a_name_that_grafana_does_not_know_is_found_wherever_it_stands(place: str) -> None:
    model = changed(place, "s")

    assert f"/{place} is lost" in list(differences(model, round_trip(model)))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("refresh", 10),
        ("panels/0/title", 1),
        ("panels/0/gridPos/w", "wide"),
        ("panels/0/options/colorMode", "backgroud"),
        ("panels/0/fieldConfig/defaults/thresholds/mode", "relative"),
        ("panels/4/fieldConfig/defaults/custom/showPoints", "nevre"),
        ("panels/4/options/tooltip/sort", "down"),
        ("panels/4/targets/0/expr", None),
        ("panels/8/options/cellHeight", "small"),
        ("panels/10/options/showValue", "sometimes"),
        ("panels/10/fieldConfig/defaults/mappings/0/options/2/index", "second"),
        ("links/0/type", "boards"),
    ],
)
def test_a_value_that_grafana_does_not_take_is_found_wherever_it_stands(place: str, value: Any) -> None:
    assert len(list(misfits(parsed(changed(place, value)), Dashboard))) == 1


@every_board
def test_every_query_names_metrics_that_there_are(board: Board) -> None:
    queries = [query.expr for panel in board.panels for query in panel.queries]
    queries += [variable.metric for variable in board.variables]
    queries += [note["expr"] for note in board.model()["annotations"]["list"]]
    named = {name for query in queries for name in re.findall(r"leaselab_\w+", query)}

    assert named
    assert named - KNOWN == set()


def test_every_rule_names_metrics_that_there_are() -> None:
    expressions = [*RECORDINGS.values(), *(alert.expr for alert in ALERTS)]

    assert {name for expr in expressions for name in re.findall(r"leaselab_\w+", expr)} - KNOWN == set()
    assert {name for expr in expressions for name in re.findall(r"leaselab:[\w:]+", expr)} - set(RECORDINGS) == set()


@every_board
def test_panels_stand_side_by_side_and_never_on_each_other(board: Board) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in board.model()["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not taken & cells, panel["title"]
        assert max(x for x, _ in cells) < WIDTH
        taken |= cells


def test_uids_are_unique() -> None:
    assert len({board.uid for board in DASHBOARDS}) == len(DASHBOARDS)
