"""The kinds of appliance as data (PLT-01, PLT-02)."""

import pytest

from leaselab.appliance.models.platforms import FAMILIES, PERSONALITIES, PLATFORMS, UnknownPlatformError, platform


@pytest.mark.rule("PLT-01")
def test_every_kind_of_the_rules_is_there_with_its_family_and_printed_name() -> None:
    assert {key: (one.family, one.name) for key, one in PLATFORMS.items()} == {
        "mag2600": ("mag", "MAG-2600"),
        "mag4610": ("mag", "MAG-4610"),
        "mag-sm160": ("mag", "MAG-SM160"),
        "mag-sm360": ("mag", "MAG-SM360"),
        "psa300": ("psa", "PSA-300"),
        "psa3000": ("psa", "PSA-3000"),
        "psa5000": ("psa", "PSA-5000"),
        "psa7000c": ("psa", "PSA-7000c"),
        "psa7000f": ("psa", "PSA-7000f"),
        "va-spe": ("va", "VA-SPE"),
    }


@pytest.mark.rule("PLT-01")
@pytest.mark.parametrize(
    ("kind", "pcs", "pps"),
    [
        ("mag2600", 100, 250),
        ("mag4610", 1_000, 5_000),
        ("mag-sm160", 1_000, 5_000),
        ("mag-sm360", 10_000, 15_000),
        ("psa300", 200, 500),
        ("psa3000", 200, 500),
        ("psa5000", 2_500, 10_000),
        ("psa7000c", 25_000, 50_000),
        ("psa7000f", 25_000, 50_000),
        ("va-spe", 2_500, 10_000),
    ],
)
def test_each_kind_has_a_maximum_of_users_per_personality(kind: str, pcs: int, pps: int) -> None:
    assert platform(kind).maximum_users == {"pcs": pcs, "pps": pps}


@pytest.mark.rule("PLT-02")
@pytest.mark.parametrize("kind", PLATFORMS)
def test_every_kind_is_whole(kind: str) -> None:
    one = platform(kind)

    assert one.key == kind
    assert one.family in FAMILIES
    assert tuple(one.maximum_users) == PERSONALITIES
    assert one.ports[0] == "internal"
    assert one.virtual == (kind == "va-spe")
    assert one.driver == ("vmxnet3" if one.virtual else "e1000e")


def test_a_mag2600_has_no_management_port() -> None:
    assert platform("mag2600").ports == ("internal", "external")


@pytest.mark.rule("ENF-10")
def test_each_hardware_names_its_member_license() -> None:
    assert {key: one.member_license for key, one in PLATFORMS.items()} == {
        "mag2600": "MAG2600-LICENSE-MBR",
        "mag4610": "MAG4610-LICENSE-MBR",
        "mag-sm160": "SM160-LICENSE-MBR",
        "mag-sm360": "SM360-LICENSE-MBR",
        "psa300": "PSA-LICENSE-MBR",
        "psa3000": "PSA-LICENSE-MBR",
        "psa5000": "PSA-LICENSE-MBR",
        "psa7000c": "PSA-LICENSE-MBR",
        "psa7000f": "PSA-LICENSE-MBR",
        "va-spe": "",
    }


@pytest.mark.parametrize("spelling", ["psa7000c", "PSA-7000c", " PSA7000C "])
def test_a_kind_is_found_by_key_or_printed_name_in_any_case(spelling: str) -> None:
    assert platform(spelling) is PLATFORMS["psa7000c"]


def test_an_unknown_kind_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownPlatformError, match=r"'va-sep'; did you mean va-spe\? known are mag2600, "):
        platform("va-sep")


def test_a_kind_like_no_other_is_refused_with_the_list() -> None:
    with pytest.raises(UnknownPlatformError, match=r"'###'; known are mag2600, .*va-spe$"):
        platform("###")
