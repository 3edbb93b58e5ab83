"""What a running lab and its nodes show to Prometheus, over real sockets."""

import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as prometheus_text

from leaselab.testbed.lab import Lab

TOPOLOGIES = Path(__file__).parents[2] / "topologies"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


def scrape(url: str, accept: str = "") -> str:
    request = urllib.request.Request(url, headers={"accept": accept} if accept else {})
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.headers["content-type"].startswith(accept.partition(";")[0] or "text/plain")
        text: str = answer.read().decode()
        return text


def values(text: str) -> dict[tuple[str, ...], float]:
    """Return samples by name and the values of their labels in order of name."""
    return {
        (sample.name, *(sample.labels[key] for key in sorted(sample.labels))): sample.value
        for family in prometheus_text(text)
        for sample in family.samples
    }


@pytest.mark.needs("promtool")
def test_promtool_has_nothing_to_say_and_both_formats_tell_the_same() -> None:
    with Lab.up(TOPOLOGIES / "quickstart.yml", timeout=120) as lab:
        lab.clock.advance(hours=7)
        for url in (lab.status().metrics_url, *(node.metrics_url for node in lab)):
            text = scrape(url)
            run = subprocess.run(
                ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
            )
            families = {family.name for family in prometheus_text(text) if not family.name.endswith("_created")}

            assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
            offered = open_metrics(scrape(url, OPEN_METRICS))  # type: ignore[no-untyped-call]  # that half has no types
            assert families == {family.name for family in offered}


def test_the_lab_tells_its_clock_its_nodes_and_its_events() -> None:
    with Lab.up(TOPOLOGIES / "quickstart.yml", timeout=120) as lab:
        url = lab.status().metrics_url
        before = values(scrape(url))
        lab.clock.advance(days=2)
        lab.line.call("kill", node="gw2")
        after = values(scrape(url))

    clock = ("leaselab_lab_virtual_time_seconds", "quickstart")
    assert after[clock] - before[clock] == 2 * 86_400
    assert after["leaselab_lab_grants_total", "quickstart"] > before["leaselab_lab_grants_total", "quickstart"]
    assert after["leaselab_lab_events_total", "killed", "quickstart"] == 1
    assert before["leaselab_lab_nodes", "quickstart", "ready"] == len(names(before))
    assert after["leaselab_lab_nodes", "quickstart", "ready"] == len(names(after)) - 1
    assert after["leaselab_lab_node_up", "va-spe", "quickstart", "gw2"] == 0
    assert after["leaselab_lab_host_resident_memory_bytes", "quickstart"] > 10_000_000


def names(shown: dict[tuple[str, ...], float]) -> set[str]:
    return {key[-1] for key in shown if key[0] == "leaselab_lab_node_up"}


def test_a_node_with_a_process_of_its_own_shows_that_processs_memory() -> None:
    with Lab.up(TOPOLOGIES / "quickstart.yml", runtime="process", timeout=120) as lab:
        shown = values(scrape(lab.status().metrics_url))

    memory = {key[-1]: value for key, value in shown.items() if key[0] == "leaselab_lab_node_resident_memory_bytes"}
    assert memory.keys() == names(shown)
    assert all(value > 1_000_000 for value in memory.values())


def test_there_is_nothing_but_metrics_on_that_port() -> None:
    with Lab.up(TOPOLOGIES / "quickstart.yml", timeout=120) as lab:
        url = lab.status().metrics_url.removesuffix("/metrics")
        with pytest.raises(urllib.error.HTTPError, match="404") as raised:
            urllib.request.urlopen(f"{url}/other", timeout=60)
        raised.value.close()


def test_a_fault_shows_while_it_is_in_force() -> None:
    with Lab.up(TOPOLOGIES / "quickstart.yml", timeout=120) as lab:
        url = lab.status().metrics_url
        lab.faults.cut("gw1", "vls1")
        cut = scrape(url)
        lab.faults.clear()
        calm = scrape(url)

    assert 'leaselab_lab_faults{lab="quickstart",fault="cut",target="gw1 vls1"} 1.0' in cut
    assert "leaselab_lab_faults{" not in calm
