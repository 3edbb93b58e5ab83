"""A scrape in the making: values are written under the names of a catalogue, and no other name is known."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

Type = Literal["gauge", "counter", "histogram"]
_CLASSES: Final = {"gauge": GaugeMetricFamily, "counter": CounterMetricFamily, "histogram": HistogramMetricFamily}


class Family(NamedTuple):
    """One metric: what docs/metrics.md says of it, and what a scrape does.

    Attributes:
        name: as Prometheus stores it, a counter's ``_total`` included.
        type: ``gauge``, ``counter`` or ``histogram``.
        help: one sentence.
        labels: besides those that all of a catalogue have.
    """

    name: str
    type: Type
    help: str
    labels: tuple[str, ...] = ()


def catalogue(*families: Family) -> Mapping[str, Family]:
    """Return families by name."""
    return {family.name: family for family in families}


class Sheet:
    """The values of one scrape.

    Args:
        families: all that may be written.
        common: the labels that every sample has, with their values.
    """

    def __init__(self, families: Mapping[str, Family], common: Mapping[str, str]) -> None:
        self._families = families
        self._names = tuple(common)
        self._values = tuple(common.values())
        self._metrics: dict[str, Metric] = {}

    def add(self, name: str, value: float, *labels: str) -> None:
        """Write a value; ``labels`` in the order of the catalogue."""
        metric = self._metrics.get(name) or self._begin(name)
        metric.add_metric((*self._values, *labels), value)  # type: ignore[attr-defined]  # each family class has its own

    def states(self, name: str, states: Iterable[str], present: str) -> None:
        """Write one value a state: 1 at the present one, 0 at the others."""
        for state in states:
            self.add(name, float(state == present), state)

    def begin(self, *names: str) -> None:
        """Show families even where they have no value."""
        for name in names:
            self._begin(name)

    def metrics(self) -> Iterable[Metric]:
        """Return what was written."""
        return self._metrics.values()

    def _begin(self, name: str) -> Metric:
        family = self._families[name]
        metric: Metric = _CLASSES[family.type](family.name, family.help, labels=(*self._names, *family.labels))
        return self._metrics.setdefault(name, metric)
