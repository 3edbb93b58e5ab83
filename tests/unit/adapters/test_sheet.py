"""A scrape is written with the names of a catalogue, and no other."""

from collections.abc import Iterable

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from leaselab.appliance.adapters.metrics.sheet import Family, Sheet, catalogue

FAMILIES = catalogue(
    Family("leaselab_units", "gauge", "Units.", ("feature",)),
    Family("leaselab_grants_total", "counter", "Grants."),
    Family("leaselab_phase", "gauge", "Phase.", ("phase",)),
)


class Written(Collector):
    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def collect(self) -> Iterable[Metric]:
        return self._sheet.metrics()


def text(sheet: Sheet) -> str:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Written(sheet))
    return generate_latest(registry).decode()


def test_a_value_has_the_common_labels_and_its_own() -> None:
    sheet = Sheet(FAMILIES, {"node": "gw1"})
    sheet.add("leaselab_units", 3, "meetings")
    sheet.add("leaselab_grants_total", 2)

    assert 'leaselab_units{feature="meetings",node="gw1"} 3.0\n' in text(sheet)
    assert 'leaselab_grants_total{node="gw1"} 2.0\n' in text(sheet)
    assert "# HELP leaselab_units Units.\n# TYPE leaselab_units gauge\n" in text(sheet)


def test_of_several_states_one_is_1() -> None:
    sheet = Sheet(FAMILIES, {})
    sheet.states("leaselab_phase", ("off", "ready"), "ready")

    assert 'leaselab_phase{phase="off"} 0.0\nleaselab_phase{phase="ready"} 1.0\n' in text(sheet)


def test_a_name_that_is_not_in_the_catalogue_cannot_be_written() -> None:
    with pytest.raises(KeyError):
        Sheet(FAMILIES, {}).add("leaselab_unit", 1)


def test_a_family_without_values_is_still_announced() -> None:
    sheet = Sheet(FAMILIES, {})
    sheet.begin("leaselab_units")

    assert "# TYPE leaselab_units gauge\n" in text(sheet)
