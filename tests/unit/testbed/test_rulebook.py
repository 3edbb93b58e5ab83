"""The table of rules and the tests that prove them."""

from pathlib import Path

import pytest

from leaselab.testbed import rulebook
from leaselab.testbed.rulebook import Rule, UnknownRuleError, collect

ROOT = Path(__file__).parents[3]
BOOK = """
| ID | Title | Rule | From |
|---|---|---|---|
| LSE-04 | No partial increment | Nothing is granted. | G |
| LSE-05 | Ends | A lease ends. | G |
"""


def test_a_rule_has_the_tests_that_are_marked_with_it() -> None:
    tests = {
        "unit/test_a.py": '@pytest.mark.rule("LSE-04")\nasync def test_one(): ...\n\ndef test_other(): ...\n',
        "unit/test_b.py": '@pytest.mark.rule("LSE-04")\nclass TestLeases:\n    def test_two(self): ...\n',
    }

    assert collect(BOOK, tests) == (
        Rule("LSE-04", "No partial increment", ("unit/test_a.py::test_one", "unit/test_b.py::TestLeases::test_two")),
        Rule("LSE-05", "Ends", ()),
    )


def test_a_single_parameter_can_prove_a_rule() -> None:
    text = '@pytest.mark.parametrize("n", [pytest.param(1, marks=pytest.mark.rule("LSE-05"))])\ndef test_it(n): ...\n'

    assert [rule.status for rule in collect(BOOK, {"test_a.py": text})] == ["not proved", "proved"]


def test_a_marker_for_a_rule_that_is_not_in_the_book_is_an_error() -> None:
    with pytest.raises(UnknownRuleError, match=r"tests/test_a\.py::test_it is marked 'ZZZ-99'"):
        collect(BOOK, {"test_a.py": '@pytest.mark.rule("ZZZ-99")\ndef test_it(): ...\n'})


def test_the_table_that_is_shipped_is_that_of_the_checkout() -> None:
    assert rulebook.rules() == rulebook.of_checkout(ROOT), "./run rules makes it anew"


def test_every_rule_of_the_rule_book_has_a_test_that_proves_it() -> None:
    assert [rule.id for rule in rulebook.of_checkout(ROOT) if not rule.tests] == []


def test_a_kept_table_is_read_as_it_was() -> None:
    table = (Rule("LSE-04", "No partial increment", ("a::b",)),)

    assert rulebook.decode(rulebook.encode(table)) == table
