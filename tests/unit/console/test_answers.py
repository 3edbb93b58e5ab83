"""Answers given ahead."""

import pytest

from leaselab.appliance.console.answers import NAMES, given_answers


@pytest.mark.rule("CON-04")
@pytest.mark.parametrize("network", ["10.10.22.34 255.255.255.0 10.10.22.1", "10.10.22.34/24 10.10.22.1"])
def test_one_answer_covers_the_three_network_prompts(network: str) -> None:
    assert given_answers({"network": network}) == {
        "address": "10.10.22.34",
        "netmask": "255.255.255.0",
        "gateway": "10.10.22.1",
    }


@pytest.mark.rule("CON-04")
@pytest.mark.parametrize("network", ["10.10.22.34/24", "10.10.22.34/24 -", "10.10.22.34 255.255.255.0"])
def test_there_may_be_no_gateway(network: str) -> None:
    assert given_answers({"network": network})["gateway"] == ""


@pytest.mark.rule("CON-04")
@pytest.mark.parametrize(
    ("dns", "servers", "domains"),
    [
        ("10.0.0.1", ("10.0.0.1", ""), ""),
        ("10.0.0.1 10.0.0.2", ("10.0.0.1", "10.0.0.2"), ""),
        ("10.0.0.1 - a.test b.test", ("10.0.0.1", ""), "a.test b.test"),
    ],
)
def test_one_answer_covers_the_three_name_server_prompts(dns: str, servers: tuple[str, str], domains: str) -> None:
    given = given_answers({"dns": dns})

    assert (given["dns-primary"], given["dns-secondary"]) == servers
    assert given["dns-domains"] == domains


@pytest.mark.rule("CON-04")
def test_true_and_false_of_a_topology_are_y_and_n() -> None:
    assert given_answers({"accept-license": "true", "virtual-license-server": "False"}) == {
        "accept-license": "y",
        "virtual-license-server": "n",
    }


@pytest.mark.rule("CON-04")
def test_the_setup_needs_no_confirmation_when_all_of_it_was_given() -> None:
    setup = {"network": "10.10.22.34/24", "dns": "10.10.22.53", "wins": "-"}

    assert given_answers(setup)["confirm"] == "y"
    assert "confirm" not in given_answers({"network": "10.10.22.34/24", "dns": "10.10.22.53"})


def test_nonsense_is_handed_on_for_the_console_to_refuse() -> None:
    assert given_answers({"network": "10.10.22.34/240"}) == {"address": "10.10.22.34/240"}
    assert given_answers({"accept-license": "perhaps"}) == {"accept-license": "perhaps"}


def test_an_answer_to_a_prompt_that_does_not_exist_is_an_error_that_names_those_that_do() -> None:
    with pytest.raises(ValueError, match=r"no boot prompt 'adress'.*random-text"):
        given_answers({"adress": "10.10.22.34"})


def test_every_name_can_be_answered() -> None:
    assert given_answers(dict.fromkeys(NAMES, "x"))
