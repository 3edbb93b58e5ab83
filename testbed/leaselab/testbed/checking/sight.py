"""What a check sees of a lab, beside what it expected."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final
from urllib.request import urlopen

from leaselab.testbed.checking.comparison import holds
from leaselab.testbed.checking.plan import Expectation
from leaselab.testbed.errors import CallError

if TYPE_CHECKING:
    from leaselab.appliance.licensing.views import FeatureCounts, Report
    from leaselab.testbed.checking.lab import CheckedLab
    from leaselab.testbed.node import Node

COUNTS: Final = {
    "leased": "leased",
    "auto_leased": "auto_leased",
    "available": "available",
    "installed": "installed",
    "promised": "promised",
    "limit": "limit",
    "users": "signed_in",
}
"""An expectation's name to that of the count in a node's report."""

SCRAPE_SECONDS: Final = 10.0


def problems(lab: "CheckedLab", node: str, wanted: Expectation, *, refused: int, logged_after: int) -> Iterator[str]:
    """Yield what of a node is not as expected: what was wanted, and what is there.

    Args:
        lab: the lab.
        node: whose.
        wanted: what is expected.
        refused: how many users the last sign-in refused.
        logged_after: the node's history number at the start of the run; earlier log lines do not count.
    """
    seen = lab[node]
    if wanted.phase is not None and seen.phase != wanted.phase:
        yield f"{node}: phase {wanted.phase} expected, is {seen.phase}"
    if wanted.refused is not None and not holds(wanted.refused, refused):
        yield f"{node}: refused {wanted.refused} expected, is {refused}"
    if seen.phase == "off":
        return
    if wanted.screen is not None and wanted.screen not in seen.screen():
        yield f"{node}: screen with {wanted.screen!r} expected; its last line is {seen.screen().splitlines()[-1:]}"
    if wanted.logs is not None:
        yield from _logs(lab, node, wanted.logs, logged_after)
    if wanted.metrics is not None:
        yield from _metrics(seen, wanted.metrics)
    if seen.kind != "cloud":
        report = seen.report()
        yield from _counts(node, wanted, report.features.get(wanted.feature))
        yield from _standing(node, wanted, report)


def _counts(node: str, wanted: Expectation, counts: "FeatureCounts | None") -> Iterator[str]:
    for name, field in COUNTS.items():
        want = getattr(wanted, name)
        there = getattr(counts, field) if counts is not None else 0
        if want is not None and not holds(want, there):
            yield f"{node}: {name.replace('_', '-')} {want} expected, is {there}"
    there = counts is not None and counts.auto_lease
    if wanted.auto_lease is not None and wanted.auto_lease != there:
        yield f"{node}: auto-lease {_said(wanted.auto_lease)} expected, is {_said(there)}"


def _standing(node: str, wanted: Expectation, report: "Report") -> Iterator[str]:
    compliant = not report.out_of_compliance
    if wanted.compliant is not None and wanted.compliant != compliant:
        yield f"{node}: compliant {_said(wanted.compliant)} expected, is {_said(compliant)} {report.out_of_compliance}"
    if wanted.contact is not None and wanted.contact != report.client.contact:
        why = f" ({report.client.why})" if report.client.why else ""
        yield f"{node}: contact {wanted.contact} expected, is {report.client.contact}{why}"
    if wanted.release is not None and wanted.release.upper() != report.release.upper():
        yield f"{node}: release {wanted.release} expected, is {report.release}"
    for sku, state in (wanted.licenses or {}).items():
        states = [row.state for row in report.licenses if row.sku == sku.upper()]
        if state not in states:
            yield f"{node}: license {sku} {state} expected, is {', '.join(states) or 'not there'}"


def _logs(lab: "CheckedLab", node: str, text: str, after: int) -> Iterator[str]:
    lines = [line.text for line in lab.logs([node]) if line.n > after]
    if not any(text in line for line in lines):
        last = f"the last line is {lines[-1]!r}" if lines else "nothing was logged"
        yield f"{node}: a log line with {text!r} expected; {last}"


def _metrics(node: "Node", wanted: dict[str, Any]) -> Iterator[str]:
    """Compare the sums of a node's metrics, by sample name."""
    from prometheus_client.parser import text_string_to_metric_families

    try:
        with urlopen(node.metrics_url, timeout=SCRAPE_SECONDS) as answer:  # noqa: S310 - the lab's own http address
            text = answer.read().decode()
    except OSError as error:
        raise CallError(f"{node.name}: its metrics cannot be read at {node.metrics_url}: {error}") from None
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0) + sample.value
    for name, want in wanted.items():
        if name not in sums:
            yield f"{node.name}: metric {name} {want} expected, is not there"
        elif not holds(want, sums[name]):
            yield f"{node.name}: metric {name} {want} expected, is {sums[name]:g}"


def _said(value: object) -> str:
    return "true" if value else "false"
