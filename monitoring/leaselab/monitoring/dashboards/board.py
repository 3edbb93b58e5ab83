"""The parts that dashboards are made of: a board has variables and rows of panels, a panel has queries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

WIDTH: Final = 24
"""Columns of Grafana's grid."""

SCHEMA_VERSION: Final = 39
"""Of Grafana 10 and 11."""

DATA_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}

GREEN, AMBER, RED, BLUE, GREY = "green", "orange", "red", "blue", "#8e8e8e"

ROWS_A_PAGE: Final = 20
"""Of a panel of states: a fleet has more nodes than a screen has room."""


@dataclass(frozen=True)
class Query:
    """One line of a panel: PromQL, and how its series are named."""

    expr: str
    legend: str = ""

    def unless(self, expr: str) -> "Query":
        """Leave out the series whose labels ``expr`` has too."""
        return Query(f"({self.expr}) unless ({expr})", self.legend)


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes:
        title: what it shows.
        queries: of its data.
        kind: ``timeseries``, ``stat``, ``state-timeline`` or ``table``.
        unit: Grafana's name of a unit, e.g. ``s`` or ``percentunit``.
        width: in columns of 24.
        height: in rows of the grid.
        text: what a reader should know to judge it.
        thresholds: colours from a value on.
        floor: the colour below the first threshold.
        states: word and colour of the values 0, 1, 2 and so on, for ``state-timeline``.
        column: heading of a table's values; without one they are left out.
        quiet: may rightly have no series, e.g. what is over while all is well; it then says ``none``.
    """

    title: str
    queries: tuple[Query, ...]
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 8
    height: int = 8
    text: str = ""
    thresholds: tuple[tuple[float, str], ...] = ()
    floor: str = GREEN
    states: tuple[tuple[str, str], ...] = ()
    column: str = ""
    quiet: bool = False


def chart(title: str, *queries: Query, width: int = 12, **more: Any) -> Panel:
    """Return a panel of lines over time."""
    return Panel(title, queries, width=width, **more)


def stat(title: str, *queries: Query, width: int, height: int = 4, **more: Any) -> Panel:
    """Return a panel of one number for each series."""
    return Panel(title, queries, "stat", width=width, height=height, **more)


def timeline(title: str, query: Query, colours: Mapping[str, str], *, width: int = 12, **more: Any) -> Panel:
    """Return a panel with a bar for each series, in the colour of the state that it is in."""
    return Panel(title, (query,), "state-timeline", width=width, states=tuple(colours.items()), **more)


def table(title: str, query: Query, *, width: int = 12, **more: Any) -> Panel:
    """Return a panel with a row for each series."""
    return Panel(title, (query,), "table", width=width, **more)


@dataclass(frozen=True)
class Scope:
    """The series that the choices at the top of a board leave."""

    selector: str

    def only(self, metric: str, more: str = "") -> str:
        """Return a metric's series in PromQL; ``more`` narrows them further."""
        return f"{metric}{{{self.selector}{',' if more else ''}{more}}}"

    def each(self, metric: str, legend: str = "") -> Query:
        """Query every series of a metric."""
        return Query(self.only(metric), legend)

    def sum(self, metric: str, *labels: str, legend: str = "", more: str = "", over: str = "sum") -> Query:
        """Query a metric's sum, or what ``over`` names, by labels; without a legend these name the series."""
        by = f" by ({', '.join(labels)}) " if labels else ""
        return Query(f"{over}{by}({self.only(metric, more)})", legend or " ".join(f"{{{{{one}}}}}" for one in labels))

    def state(self, metric: str, label: str, states: Iterable[str]) -> Query:
        """Query which state each node is in, as its number, of a metric that is 1 at the state in ``label``."""
        series = (self.only(metric, f'{label}="{state}"') for state in states)
        return Query(" + ".join(f"{n} * sum by (lab, node) ({one})" for n, one in enumerate(series)), "{{node}}")


@dataclass(frozen=True)
class Variable:
    """A choice at the top: the values of a label of a metric."""

    name: str
    metric: str
    label: str
    multiple: bool = True

    @property
    def query(self) -> str:
        """What Grafana asks for the values."""
        return f"label_values({self.metric}, {self.label})"


@dataclass(frozen=True)
class Board:
    """A dashboard."""

    uid: str
    title: str
    text: str
    variables: tuple[Variable, ...]
    panels: tuple[Panel, ...]

    def model(self) -> dict[str, Any]:
        """Return the JSON that Grafana takes."""
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.text,
            "tags": ["leaselab"],
            "schemaVersion": SCHEMA_VERSION,
            "editable": True,
            "graphTooltip": 1,
            "timezone": "utc",
            "refresh": "10s",
            "time": {"from": "now-15m", "to": "now"},
            "annotations": {"list": [_FAULTS]},
            "links": [_OTHER_BOARDS],
            "templating": {"list": [_data_source_choice(), *map(_choice, self.variables)]},
            "panels": list(_placed(self.panels)),
        }


FAULTS: Final = Query('sum by (lab, fault, target) (leaselab_lab_faults{lab=~"$lab"}) > 0', "{{fault}}")
"""Drawn over every panel: while a fault is in force, what a board shows is what it does."""

_FAULTS: Final = {
    "name": "Faults",
    "datasource": DATA_SOURCE,
    "enable": True,
    "iconColor": RED,
    "expr": FAULTS.expr,
    "step": "10s",
    "titleFormat": FAULTS.legend,
    "textFormat": "{{lab}}: {{fault}} {{target}}",
    "tagKeys": "fault,target",
}


_OTHER_BOARDS: Final = {
    "title": "Leaselab",
    "type": "dashboards",
    "tags": ["leaselab"],
    "asDropdown": False,
    "includeVars": True,
    "keepTime": True,
}


def _data_source_choice() -> dict[str, Any]:
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
    }


def _choice(variable: Variable) -> dict[str, Any]:
    return {
        "name": variable.name,
        "label": variable.name.capitalize(),
        "type": "query",
        "datasource": DATA_SOURCE,
        "query": {"query": variable.query, "refId": f"values-of-{variable.name}"},
        "refresh": 2,
        "sort": 1,
        "multi": variable.multiple,
        "includeAll": variable.multiple,
        **({"current": {"text": "All", "value": "$__all"}} if variable.multiple else {}),
    }


def _placed(panels: Iterable[Panel]) -> Iterable[dict[str, Any]]:
    """Set panels from left to right, a new row where one does not fit."""
    x = y = row_height = 0
    for number, panel in enumerate(panels, 1):
        if x + panel.width > WIDTH:
            x, y, row_height = 0, y + row_height, 0
        yield _panel(number, panel, x, y)
        x += panel.width
        row_height = max(row_height, panel.height)


def _panel(number: int, panel: Panel, x: int, y: int) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.text,
        "datasource": DATA_SOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.width, "h": panel.height},
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": DATA_SOURCE,
                "expr": query.expr,
                "legendFormat": query.legend,
                **({"instant": True, "format": "table"} if panel.kind == "table" else {}),
            }
            for index, query in enumerate(panel.queries)
        ],
        "fieldConfig": {"defaults": _field(panel), "overrides": []},
        "options": _OPTIONS[panel.kind],
        **({"transformations": [_columns(panel)]} if panel.kind == "table" else {}),
    }


def _field(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": panel.floor, "value": None}]
    steps += [{"color": colour, "value": value} for value, colour in panel.thresholds]
    field: dict[str, Any] = {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}}
    field["color"] = {"mode": "palette-classic" if panel.kind == "timeseries" else "thresholds"}
    if panel.quiet:
        field["noValue"] = "none"
    if panel.kind == "timeseries":
        field["min"] = 0
    if panel.states:
        words = {str(n): {"text": text, "color": colour, "index": n} for n, (text, colour) in enumerate(panel.states)}
        field["mappings"] = [{"type": "value", "options": words}]
    if panel.kind in _CUSTOM:
        field["custom"] = _CUSTOM[panel.kind]
    return field


def _columns(panel: Panel) -> dict[str, Any]:
    """Return the transformation that leaves out what says nothing, and heads the values."""
    hidden = {"Time", "__name__", "instance", "job", *(() if panel.column else ("Value",))}
    renamed = {"Value": panel.column} if panel.column else {}
    return {
        "id": "organize",
        "options": {"excludeByName": dict.fromkeys(sorted(hidden), True), "renameByName": renamed},
    }


_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "reduceOptions": {"calcs": ["lastNotNull"], "values": False},
        "colorMode": "value",
        "graphMode": "area",
        "textMode": "auto",
        "justifyMode": "auto",
        "orientation": "auto",
    },
    "state-timeline": {
        "showValue": "auto",
        "rowHeight": 0.8,
        "mergeValues": True,
        "perPage": ROWS_A_PAGE,
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
        "tooltip": {"mode": "single", "sort": "none"},
    },
    "table": {"showHeader": True, "cellHeight": "sm"},
}
_CUSTOM: Final[dict[str, dict[str, Any]]] = {
    "timeseries": {"fillOpacity": 8, "lineInterpolation": "stepAfter", "lineWidth": 2, "showPoints": "never"},
    "state-timeline": {"fillOpacity": 70, "lineWidth": 0},
    "table": {"cellOptions": {"type": "color-text"}},
}
