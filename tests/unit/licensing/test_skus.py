"""The SKU grammar (KEY-01)."""

from datetime import date

import pytest

from leaselab.appliance.licensing.skus import FORMS, Sku, known_sku, parse_sku
from leaselab.appliance.machine import Refusal

PRINTED_IN_THE_GUIDE = [
    "ACCESSX600-ADD-1000U",
    "CONSEC-1000U-1YR",
    "ACCESS-1000U-IYR",
    "CONSEC-5000U-1YR",
    "POLSEC-500U-1YR",
    "CONSEC-ADD-2000U",
    "POLSEC-ADD-100U",
    "MAG2600-LICENSE-MBR",
    "SM360-LICENSE-MBR",
    "PSA-LICENSE-MBR",
    "CONSEC-ADD-100U-2Y-R",
    "POLSEC-ADD-100U-1Y-R",
    "CONSEC-ADD-250U-3Y",
    "POLSEC-ADD-25U-2Y-R",
    "CONSEC-ADD-500U-3Y-R",
    "POLSEC-ADD-5000U-3Y",
    "CONSEC-ADD-1000U-1Y",
    "POLSEC-ADD-1000U-3Y-R",
    "CONSEC-ADD-2000U-1Y-R",
]
FROM_THE_FACTS = [
    "ACCESS-RDP-100U-1YR",
    "MAG4610-LICENSE-MBR",
    "SM160-LICENSE-MBR",
    "PSA5000-VAZ-V-1YR",
    "PSA3000-V-V-2YR",
]
OURS = [
    "LICENSE-SVR",
    "PSA-LICENSE-SVR",
    "VA-SPE-LICENSE-SVR",
    "ICE",
    "MAG4610-ICE",
    "ACCESS-25U-EVAL",
    "MEETING",
    "IVS",
]


def sku(text: str) -> Sku:
    found = parse_sku(text)
    assert isinstance(found, Sku), found
    return found


@pytest.mark.rule("KEY-01")
@pytest.mark.parametrize("text", PRINTED_IN_THE_GUIDE + FROM_THE_FACTS + OURS)
def test_every_published_sku_is_read_in_any_case(text: str) -> None:
    assert sku(text.lower()) == sku(f" {text} ")
    assert sku(text).text == text.replace("IYR", "1YR")


@pytest.mark.rule("KEY-01")
def test_every_form_that_messages_name_is_read() -> None:
    for form in FORMS:
        text = form.replace("<n>", "100").replace("<y>", "2")
        assert sku(text).text == text


@pytest.mark.rule("KEY-01")
def test_a_subscription_says_feature_units_years_and_role() -> None:
    assert sku("CONSEC-5000U-1YR") == Sku(
        text="CONSEC-5000U-1YR",
        family="CONSEC",
        kind="users",
        description="5000 concurrent users, subscription for 1 year, Connect Secure only",
        feature="concurrent-users",
        units=5000,
        permanent=False,
        years=1,
        role="pcs",
    )


@pytest.mark.rule("KEY-01")
def test_the_guides_misprint_is_read_as_one_year() -> None:
    assert sku("ACCESS-1000U-IYR") == sku("ACCESS-1000U-1YR")


@pytest.mark.rule("KEY-01")
def test_y_and_yr_mean_the_same_length() -> None:
    short, long = sku("CONSEC-ADD-100U-3Y"), sku("CONSEC-ADD-100U-3YR")

    assert (short.years, short.permanent, short.units) == (long.years, long.permanent, long.units) == (3, False, 100)
    assert sku("POLSEC-10U-2Y").years == sku("POLSEC-10U-2YR").years == 2


@pytest.mark.rule("KEY-01")
@pytest.mark.parametrize(
    ("text", "role", "tie", "description"),
    [
        ("ACCESSX600-ADD-1000U", None, "mag", "1000 concurrent users, permanent, MAG family only"),
        ("CONSEC-ADD-2000U", "pcs", None, "2000 concurrent users, permanent, Connect Secure only"),
        ("POLSEC-ADD-100U", "pps", None, "100 concurrent users, permanent, Policy Secure only"),
    ],
)
def test_permanent_counts_never_end(text: str, role: str | None, tie: str | None, description: str) -> None:
    one = sku(text)

    assert (one.permanent, one.years, one.renewal) == (True, 0, False)
    assert (one.role, one.platform_family, one.description) == (role, tie, description)
    assert one.last_day(date(2018, 1, 1)) is None


@pytest.mark.rule("KEY-01")
def test_a_renewal_is_of_the_family_and_size_it_names() -> None:
    one = sku("POLSEC-ADD-25U-2Y-R")

    assert (one.family, one.units, one.years, one.renewal, one.role) == ("POLSEC", 25, 2, True, "pps")
    assert one.description == "25 concurrent users, renewal for 2 years, Policy Secure only"


@pytest.mark.rule("KEY-01")
def test_rdp_counts_are_a_feature_of_their_own_for_connect_secure() -> None:
    one = sku("ACCESS-RDP-100U-1YR")

    assert (one.family, one.feature, one.units, one.role) == ("ACCESS-RDP", "rdp-users", 100, "pcs")
    assert one.description == "100 RDP users, subscription for 1 year, Connect Secure only"


@pytest.mark.rule("KEY-01")
@pytest.mark.parametrize(
    ("text", "member", "tie"),
    [
        ("MAG2600-LICENSE-MBR", "mag2600", "mag"),
        ("MAG4610-LICENSE-MBR", "mag4610", "mag"),
        ("SM160-LICENSE-MBR", "sm160", "mag"),
        ("SM360-LICENSE-MBR", "sm360", "mag"),
        ("PSA-LICENSE-MBR", "psa", "psa"),
    ],
)
def test_a_member_license_names_its_platform(text: str, member: str, tie: str) -> None:
    one = sku(text)

    assert (one.kind, one.member_platform, one.platform_family, one.feature) == ("member", member, tie, None)


@pytest.mark.rule("KEY-01")
@pytest.mark.parametrize(
    ("text", "tie", "description"),
    [
        ("LICENSE-SVR", None, "license server"),
        ("PSA-LICENSE-SVR", "psa", "license server, PSA"),
        ("MAG4610-LICENSE-SVR", "mag", "license server, MAG4610"),
        ("ANY-LICENSE-SVR", None, "license server, ANY"),
    ],
)
def test_a_license_server_license_may_name_a_platform(text: str, tie: str | None, description: str) -> None:
    one = sku(text)

    assert (one.kind, one.platform_family, one.description) == ("server", tie, description)


@pytest.mark.rule("KEY-01")
def test_ice_core_and_feature_licenses_are_read() -> None:
    assert (sku("ICE").kind, sku("ICE").platform_family) == ("ice", None)
    assert (sku("PSA5000-ICE").description, sku("PSA5000-ICE").platform_family) == (
        "In Case of Emergency, PSA5000",
        "psa",
    )
    core = sku("PSA5000-VAZ-V-1YR")
    assert (core.kind, core.permanent, core.platform_family) == ("core", False, "va")
    assert core.description == "virtual appliance cores of a PSA5000, cloud AZ, 1 year"
    assert sku("PSA7000-V-V-3YR").description == "virtual appliance cores of a PSA7000, 3 years"
    assert sku("PSA7000-V-V-IYR").text == "PSA7000-V-V-1YR"
    assert (sku("ADVANCED-HTML5").kind, sku("ADVANCED-HTML5").description) == ("feature", "feature Advanced HTML5")


@pytest.mark.rule("KEY-01")
@pytest.mark.parametrize(
    ("text", "starts_on", "last_day"),
    [
        ("CONSEC-100U-1YR", date(2018, 1, 1), date(2018, 12, 31)),
        ("CONSEC-ADD-100U-2Y-R", date(2018, 3, 15), date(2020, 3, 14)),
        ("ACCESS-100U-1YR", date(2020, 2, 29), date(2021, 2, 28)),
        ("ACCESS-100U-EVAL", date(2018, 1, 1), date(2018, 1, 28)),
    ],
)
def test_a_term_ends_on_the_day_before_its_anniversary(text: str, starts_on: date, last_day: date) -> None:
    assert sku(text).last_day(starts_on) == last_day


def test_an_evaluation_is_no_subscription() -> None:
    one = sku("ACCESS-25U-EVAL")

    assert (one.evaluation, one.permanent, one.years) == (True, False, 0)
    assert one.description == "25 concurrent users, evaluation"


@pytest.mark.rule("KEY-02")
@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("CONSEC-100-1YR", "CONSEC-<n>U-<y>YR"),
        ("ACCESS-ADD-100U", "ACCESSX600-ADD-<n>U"),
        ("ACCESSX600-100U", "ACCESSX600-ADD-<n>U"),
        ("CONSEC-0U-1YR", "CONSEC-<n>U-<y>YR"),
        ("CONSEC-ADD-010U", "CONSEC-ADD-<n>U"),
        ("POLSEC-ADD-10U-0Y", "POLSEC-ADD-<n>U-<y>Y"),
        ("PSA3000-LICENSE-MBR", "PSA-LICENSE-MBR"),
        ("SERV-ICE", "ICE"),
    ],
)
def test_an_unknown_sku_is_refused_with_the_nearest_form(text: str, nearest: str) -> None:
    refusal = parse_sku(text)

    assert isinstance(refusal, Refusal)
    assert refusal.reason == "unknown-sku"
    assert refusal.message == (
        f"{text!r} is no SKU that is known here; the nearest form is {nearest}. Ask for the license under a known SKU"
    )


@pytest.mark.rule("KEY-02")
@pytest.mark.parametrize("text", ["", "ACCESS-100U-1YR-R", "CONSEC-ADD-100U-R", "FOO!", "A" * 500, "LICENSE-SVR\n-X"])
def test_other_texts_are_no_skus_either(text: str) -> None:
    assert isinstance(parse_sku(text), Refusal)


def test_an_installed_sku_is_known_or_a_mistake_of_the_program() -> None:
    assert known_sku("PSA-LICENSE-MBR").kind == "member"
    with pytest.raises(ValueError, match="'NONSENSE' is no SKU"):
        known_sku("NONSENSE")
