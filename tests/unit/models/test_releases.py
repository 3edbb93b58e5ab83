"""Releases: order, names, and what changed with which (PLT-03)."""

import pytest

from leaselab.appliance.models.releases import (
    Release,
    ReleaseError,
    build_of,
    enforces,
    has_virtual_license_server,
    holds_virtual_appliances_to_leases,
    matching_release,
    product_name,
    release_of_package,
    supports_role_licenses,
    vendor_name,
)


def release(text: str) -> Release:
    return Release.parse(text)


@pytest.mark.rule("PLT-03")
def test_releases_order_by_line_then_r_number_then_patch() -> None:
    lines = ["7.0", "7.4R12", "8.0", "8.0R4", "8.0R5", "8.1", "8.1R15", "8.1R15.1", "8.3R1", "8.3R3", "9.0R1"]
    ordered = [release(text) for text in [*lines, "9.1R9", "9.1R12", "9.1R13.2", "22.7R2.10"]]

    assert sorted(ordered) == ordered
    assert len(set(ordered)) == len(ordered)


@pytest.mark.rule("PLT-03")
@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("8.0", "8.0R1"),
        ("8.0r5", "8.0R5"),
        (" 8.3R1 ", "8.3R1"),
        ("7.1 R1", "7.1R1"),
        ("9.1r13.2", "9.1R13.2"),
        ("8.1R1.0", "8.1R1"),
    ],
)
def test_a_release_is_read_in_any_case_and_printed_in_one_form(text: str, printed: str) -> None:
    assert str(release(text)) == printed
    assert release(printed) == release(text)


@pytest.mark.rule("PLT-03")
def test_a_bare_line_is_its_first_release() -> None:
    assert release("8.0") == release("8.0R1")
    assert release("8.0") < release("8.0R1.1")


@pytest.mark.parametrize("text", ["", "8", "8.0R", "8.0R0", "8.0R5.", "R5", "8.0.5", "8.0R5x", "8.0R1000"])
def test_what_is_no_release_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ReleaseError, match=r"is not a release; write for example 8\.0, 8\.3R1 or 9\.1R13\.2"):
        release(text)


@pytest.mark.rule("PLT-03")
@pytest.mark.parametrize(
    ("pcs", "pps"),
    [
        ("7.0R2", "4.0R2"),
        ("7.1R1", "4.1R1"),
        ("7.4R12", "4.4R12"),
        ("8.0R4", "5.0R4"),
        ("8.0R5", "5.0R5"),
        ("8.1R7", "5.1R7"),
        ("8.2R4", "5.3R4"),
        ("8.3R1", "5.4R1"),
        ("9.0R1", "9.0R1"),
        ("9.1R13.2", "9.1R13.2"),
        ("22.7R2", "22.7R2"),
    ],
)
def test_connect_secure_and_policy_secure_releases_go_together_both_ways(pcs: str, pps: str) -> None:
    assert str(matching_release(release(pcs), "pps")) == pps
    assert str(matching_release(release(pps), "pcs")) == pcs
    assert str(matching_release(release(pcs), "pcs")) == pcs
    assert str(matching_release(release(pps), "pps")) == pps


def test_policy_secure_5_2_has_a_companion_though_no_release_leads_to_it() -> None:
    assert str(matching_release(release("5.2R7.1"), "pcs")) == "8.1R7.1"
    assert str(matching_release(release("5.2R7.1"), "pps")) == "5.2R7.1"


@pytest.mark.parametrize(
    ("text", "personality"), [("6.5R1", "pcs"), ("6.5R1", "pps"), ("8.9R1", "pps"), ("3.1", "pcs")]
)
def test_a_release_with_no_companion_is_refused(text: str, personality: str) -> None:
    with pytest.raises(ReleaseError, match=f"no {personality} release goes with .*; known lines are .* and 9.0 on"):
        matching_release(release(text), personality)


@pytest.mark.parametrize(
    ("text", "personality", "name", "vendor"),
    [
        ("7.4R12", "pcs", "Junos Pulse Secure Access Service", "Juniper"),
        ("4.1R1", "pps", "Junos Pulse Access Control Service", "Juniper"),
        ("8.0R1", "pcs", "Pulse Connect Secure", "Pulse Secure"),
        ("5.0R1", "pps", "Pulse Policy Secure", "Pulse Secure"),
        ("9.1R13.2", "pcs", "Pulse Connect Secure", "Pulse Secure"),
        ("9.1R14", "pcs", "Ivanti Connect Secure", "Pulse Secure"),
        ("9.1R14", "pps", "Ivanti Policy Secure", "Pulse Secure"),
        ("22.7R2", "pcs", "Ivanti Connect Secure", "Ivanti"),
    ],
)
def test_the_product_is_called_as_its_release_calls_it(text: str, personality: str, name: str, vendor: str) -> None:
    assert product_name(release(text), personality) == name
    assert vendor_name(release(text), personality) == vendor


@pytest.mark.parametrize(
    ("text", "build"), [("9.0R1", 63949), ("7.2R2", 21017), ("9.1R13.2", 18121), ("5.2R7.1", 37645)]
)
def test_a_published_build_number_is_the_published_one(text: str, build: int) -> None:
    assert build_of(release(text)) == build


def test_an_unpublished_build_number_has_five_digits_and_stays() -> None:
    assert build_of(release("8.3R3")) == build_of(release("8.3r3"))
    assert build_of(release("8.3R3")) != build_of(release("8.3R1"))
    assert all(10_000 <= build_of(Release(major, 3, r)) <= 99_999 for major in range(4, 30) for r in range(1, 30))


@pytest.mark.rule("ENF-02")
@pytest.mark.parametrize("text", ["8.0", "8.0R1", "8.0R4", "8.0R4.1"])
def test_connect_secure_8_0_to_8_0r4_does_not_enforce(text: str) -> None:
    assert not enforces(release(text), "pcs")


@pytest.mark.rule("ENF-02")
@pytest.mark.parametrize("text", ["5.0", "5.0R4"])
def test_policy_secure_5_0_to_5_0r4_does_not_enforce(text: str) -> None:
    assert not enforces(release(text), "pps")


@pytest.mark.rule("ENF-02")
@pytest.mark.parametrize(
    ("text", "personality"),
    [
        ("7.4R13", "pcs"),
        ("8.0R5", "pcs"),
        ("8.1", "pcs"),
        ("8.3R1", "pcs"),
        ("9.1R12", "pcs"),
        ("4.4R13", "pps"),
        ("5.0R5", "pps"),
        ("5.1", "pps"),
        ("5.4R1", "pps"),
    ],
)
def test_everything_before_and_after_enforces(text: str, personality: str) -> None:
    assert enforces(release(text), personality)


@pytest.mark.rule("KEY-09")
@pytest.mark.parametrize(
    ("text", "personality", "works"),
    [
        ("7.3R20", "pcs", False),
        ("7.4R11", "pcs", False),
        ("7.4R12", "pcs", True),
        ("7.4R13", "pcs", True),
        ("8.0", "pcs", False),
        ("8.0R4", "pcs", False),
        ("8.0R5", "pcs", True),
        ("8.3R1", "pcs", True),
        ("4.4R11", "pps", False),
        ("4.4R12", "pps", True),
        ("5.0R4", "pps", False),
        ("5.0R5", "pps", True),
        ("9.0R1", "pps", True),
    ],
)
def test_role_licenses_work_from_their_releases_on(text: str, personality: str, works: bool) -> None:
    assert supports_role_licenses(release(text), personality) is works


@pytest.mark.rule("ENF-06")
@pytest.mark.parametrize(
    ("text", "personality", "held"),
    [("7.4R12", "pcs", False), ("8.0R4", "pcs", False), ("8.0R5", "pcs", True), ("5.0R5", "pps", True)],
)
def test_virtual_appliances_are_held_to_leases_from_8_0r5_on(text: str, personality: str, held: bool) -> None:
    assert holds_virtual_appliances_to_leases(release(text), personality) is held


@pytest.mark.rule("PLT-05")
@pytest.mark.rule("VLS-01")
@pytest.mark.parametrize(
    ("text", "personality", "has"),
    [("8.2R9", "pcs", False), ("8.3", "pcs", True), ("9.1R12", "pcs", True), ("9.1R12", "pps", False)],
)
def test_the_virtual_license_server_came_with_connect_secure_8_3r1(text: str, personality: str, has: bool) -> None:
    assert has_virtual_license_server(release(text), personality) is has


@pytest.mark.parametrize(
    ("name", "release"),
    [
        ("ps-pcs-sa-8.3r3-b59199-package.pkg", "8.3r3"),
        ("package-9.1R13.2.pkg", "9.1R13.2"),
        ("ive-7.4-r12.pkg", "7.4r12"),
        ("package-59747.1.pkg", ""),
        ("", ""),
    ],
)
def test_a_packages_file_name_tells_its_release(name: str, release: str) -> None:
    assert release_of_package(name) == release
