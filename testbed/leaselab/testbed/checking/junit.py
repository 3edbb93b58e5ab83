"""The outcomes of checks as JUnit XML, which CI servers read. Pure."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from leaselab.appliance.instants import format_instant
from leaselab.testbed.checking.plan import Outcome


def junit(lab: str, outcomes: Sequence[Outcome]) -> bytes:
    """Return the report of one lab: a test case a check, with the lab's instant and what was wrong."""
    suite = ET.Element(
        "testsuite",
        name=f"leaselab.{lab}",
        tests=str(len(outcomes)),
        failures=str(sum(not outcome.passed for outcome in outcomes)),
        errors="0",
        skipped="0",
        time=f"{sum(outcome.seconds for outcome in outcomes):.3f}",
    )
    for outcome in outcomes:
        case = ET.SubElement(
            suite, "testcase", classname=f"leaselab.{lab}", name=outcome.name, time=f"{outcome.seconds:.3f}"
        )
        if not outcome.passed:
            failure = ET.SubElement(case, "failure", message=outcome.problems[0])
            failure.text = "\n".join([f"at {format_instant(outcome.at)}", *outcome.problems])
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"
