"""Dashboards: Grafana's own types find nothing in them that they do not know; every query names real metrics."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from leaselab.appliance.adapters.metrics.families import DEVICE_FAMILIES, REQUEST_DURATION
from leaselab.monitoring.dashboards import DASHBOARDS, Board
from leaselab.monitoring.dashboards.board import WIDTH
from leaselab.monitoring.rules import ALERTS, RECORDINGS
from leaselab.testbed.metrics import LAB_FAMILIES

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


def round_trip(model: dict[str, Any]) -> Any:
    plugins.register_default_plugins()
    read = json.loads(JSONEncoder().encode(Dashboard.from_json(model)))
    for ours, theirs in zip(model["annotations"]["list"], read["annotations"]["list"], strict=True):
        theirs |= {key: value for key, value in ours.items() if key in OF_PROMETHEUS}
    return read


@every_board
def test_grafanas_own_types_keep_all_that_a_dashboard_says(board: Board) -> None:
    model = json.loads(json.dumps(board.model()))

    assert list(differences(model, round_trip(model))) == []


def test_grafanas_own_types_drop_what_they_do_not_know() -> None:
    model = DASHBOARDS[0].model()
    model["panels"][0]["fieldConfig"]["defaults"]["unti"] = "s"

    assert list(differences(model, round_trip(model))) == ["/panels/0/fieldConfig/defaults/unti is lost"]


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
