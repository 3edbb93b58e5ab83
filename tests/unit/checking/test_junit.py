"""Outcomes as CI servers read them."""

from xml.etree import ElementTree as ET

from leaselab.appliance.instants import parse_instant
from leaselab.testbed.checking.junit import junit
from leaselab.testbed.checking.plan import Outcome

AT = parse_instant("2018-01-02T00:00:00Z")


def test_a_check_is_a_test_case_and_one_that_failed_says_what_and_when() -> None:
    held = Outcome(name="it leases", passed=True, at=AT, seconds=0.5)
    failed = Outcome(name="a < b", passed=False, at=AT, problems=("gw1: leased 50 expected, is 0", "more"), seconds=1)

    suite = ET.fromstring(junit("lab", [held, failed]))[0]

    assert (suite.get("tests"), suite.get("failures"), suite.get("time")) == ("2", "1", "1.500")
    assert [case.get("name") for case in suite] == ["it leases", "a < b"]
    failure = suite[1][0]
    assert failure.get("message") == "gw1: leased 50 expected, is 0"
    assert (failure.text or "").splitlines() == ["at 2018-01-02T00:00:00Z", *failed.problems]
