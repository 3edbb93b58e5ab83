"""A scrape as text: what prometheus-client's own encoders and parsers make of it."""

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as prometheus_text

from leaselab.appliance.adapters.metrics.exposition import encode, wants_open_metrics

STRANGE = 'a "quoted" \\ back\nslash, {brace} = ü'


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry(auto_describe=False)
    Gauge("leaselab_units", "Units.", ["client"], registry=registry).labels(STRANGE).set(2.5)
    Gauge("leaselab_plain", "No labels.", registry=registry).set(-1)
    Counter("leaselab_grants", "Grants.", ["node"], registry=registry).labels("gw1").inc(3)
    Histogram("leaselab_seconds", "Seconds.", ["verb"], buckets=[0.1, 1], registry=registry).labels("lease").observe(
        0.5
    )
    return registry


def test_prometheus_text_reads_as_prometheus_clients_own_does(registry: CollectorRegistry) -> None:
    ours = list(prometheus_text(encode(registry.collect(), open_metrics=False).decode()))
    theirs = [one for one in prometheus_text(generate_latest(registry).decode()) if not one.name.endswith("_created")]

    assert ours == theirs


def test_open_metrics_reads_as_what_was_collected(registry: CollectorRegistry) -> None:
    text = encode(registry.collect(), open_metrics=True).decode()
    read = {
        (sample.name, *sample.labels.values()): sample.value
        for family in open_metrics(text)  # type: ignore[no-untyped-call]  # that half has no types
        for sample in family.samples
    }

    assert read["leaselab_units", STRANGE] == 2.5
    assert read["leaselab_grants_total", "gw1"] == 3
    assert read["leaselab_seconds_bucket", "lease", "+Inf"] == 1
    assert text.endswith("# EOF\n")


@pytest.mark.parametrize(
    ("accept", "wants"),
    [
        ("", False),
        ("*/*", False),
        ("text/plain;version=0.0.4;q=1", False),
        ("application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5", True),
        ("text/html, application/openmetrics-text; version=0.0.1", True),
    ],
)
def test_a_scraper_gets_the_format_that_it_asks_for(accept: str, *, wants: bool) -> None:
    assert wants_open_metrics(accept) is wants
