"""The rules that cut packets."""

import pytest

from leaselab.testbed.runtimes.packets import Drop, rules


def test_a_table_takes_the_place_of_the_one_before_and_drops_by_address() -> None:
    text = rules([Drop("10.7.0.2"), Drop("10.7.64.2")])

    assert text.splitlines()[:2] == ["table inet leaselab", "delete table inet leaselab"]
    assert [line.strip() for line in text.splitlines() if "daddr" in line] == [
        "ip daddr 10.7.0.2 drop",
        "ip daddr 10.7.64.2 drop",
    ]


def test_a_spared_port_is_let_through_in_both_roles_before_the_drop() -> None:
    assert [line.strip() for line in rules([Drop("10.7.0.2", 443)]).splitlines() if "daddr" in line] == [
        "ip daddr 10.7.0.2 tcp sport 443 accept",
        "ip daddr 10.7.0.2 tcp dport 443 accept",
        "ip daddr 10.7.0.2 drop",
    ]


def test_without_drops_nothing_is_dropped() -> None:
    assert "drop" not in rules([])


def test_what_is_no_address_never_gets_into_the_rules() -> None:
    with pytest.raises(ValueError, match=r"accept; flush ruleset"):
        rules([Drop("10.7.0.2 accept; flush ruleset")])
