"""What an answer must look like."""

import pytest

from leaselab.appliance.console import checks


@pytest.mark.parametrize("text", ["10.10.22.34", "127.5.64.1", "192.168.0.1"])
def test_an_address_of_a_device_will_do(text: str) -> None:
    assert checks.address(text) == ""


@pytest.mark.parametrize(
    "text", ["", "10.10.22", "10.10.22.256", "gw1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "10.10.22.034"]
)
def test_what_is_no_address_is_refused_with_a_reason(text: str) -> None:
    assert checks.address(text).endswith(".")


@pytest.mark.parametrize(("text", "fits"), [("255.255.255.0", True), ("255.0.0.0", True), ("255.255.255.252", True)])
def test_a_network_mask_will_do(text: str, fits: bool) -> None:
    assert (checks.netmask(text) == "") is fits


@pytest.mark.parametrize(
    "text", ["", "24", "255.0.255.0", "0.255.255.255", "255.255.255.255", "255.255.255.254", "0.0.0.0"]
)
def test_what_is_no_network_mask_is_refused_with_a_reason(text: str) -> None:
    assert checks.netmask(text).endswith(".")


def test_an_address_that_means_the_whole_network_is_refused() -> None:
    assert checks.own_address("10.10.22.34", "255.255.255.0") == ""
    assert "10.10.22.0/24" in checks.own_address("10.10.22.0", "255.255.255.0")
    assert "10.10.22.0/24" in checks.own_address("10.10.22.255", "255.255.255.0")


def test_a_gateway_is_a_neighbour_or_absent() -> None:
    def judged(text: str) -> bool:
        return checks.gateway(text, "10.10.22.34", "255.255.255.0") == ""

    assert [judged(text) for text in ("10.10.22.1", "")] == [True, True]
    assert [judged(text) for text in ("10.10.23.1", "10.10.22.34", "router")] == [False, False, False]


@pytest.mark.parametrize(
    ("text", "fits"), [("", True), ("company.com", True), ("a.b, c.d e.f", True), ("-x.com", False), ("a_b", False)]
)
def test_domains_are_host_names(text: str, fits: bool) -> None:
    assert (checks.domains(text) == "") is fits


@pytest.mark.parametrize(
    ("text", "fits"), [("admin", True), ("a@b.c", True), ("", False), ("no spaces", False), ("x" * 65, False)]
)
def test_an_administrator_has_a_name_of_one_word(text: str, fits: bool) -> None:
    assert (checks.administrator(text) == "") is fits


@pytest.mark.rule("CON-01")
def test_a_password_has_six_characters_or_is_refused_in_the_products_words() -> None:
    assert checks.password("123456") == ""
    assert checks.password("12345") == "Could not change password. New password must be at least 6 characters long."
