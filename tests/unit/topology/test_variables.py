import pytest

from leaselab.testbed.errors import TopologyError
from leaselab.testbed.topology.loading import read
from leaselab.testbed.topology.variables import Variables

LAB = "name: lab\nnodes: {gw1: {kind: psa3000, users: %s}}\n"


def test_a_variable_has_the_value_given_or_its_default() -> None:
    variables = Variables({"A": "1"})

    assert variables.fill("${A} ${B:-2} $${C}") == "1 2 ${C}"


def test_a_variable_without_a_value_says_how_to_give_one() -> None:
    with pytest.raises(ValueError, match=r"\$\{B\} has no value; give one with --set B=…, or a default: \$\{B:-…\}"):
        Variables({}).fill("${B}")


def test_a_half_written_variable_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a variable is written"):
        Variables({}).fill("${not closed")


def test_a_quoted_variable_alone_is_a_number_where_one_is_wanted() -> None:
    assert read(LAB % '"${users:-7}"', file="lab.yml").nodes[0].spec.users == 7
    assert read(LAB % '"${users:-7}"', file="lab.yml", variables={"users": "9"}).nodes[0].spec.users == 9


def test_a_variable_cannot_bring_structure_with_it() -> None:
    with pytest.raises(TopologyError, match=r"takes a whole number, not '\{a: 1\}'"):
        read(LAB % '"${users}"', file="lab.yml", variables={"users": "{a: 1}"})


def test_a_value_that_the_file_has_no_use_for_is_a_mistake() -> None:
    with pytest.raises(TopologyError) as caught:
        read(LAB % '"${users:-7}"', file="lab.yml", variables={"usres": "9"})

    assert str(caught.value) == "lab.yml:1:1: --set usres: the file has no ${usres} (did you mean users?)"
