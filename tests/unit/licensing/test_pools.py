"""Pools and what is available from them (SRV-06, SRV-07, SRV-09)."""

import msgspec
import pytest

from leaselab.appliance.instants import NEVER, parse_instant
from leaselab.appliance.licensing.inventory import Holder, InstalledLicense
from leaselab.appliance.licensing.pools import CLASSES, Pool, PoolBook, classes_served, client_class, pool_of, pools_of
from leaselab.appliance.licensing.skus import known_sku
from leaselab.appliance.models.platforms import platform
from leaselab.appliance.models.releases import Release

MAG_PCS, MAG_PPS = client_class("mag", "pcs"), client_class("mag", "pps")
PSA_PCS, PSA_PPS = client_class("psa", "pcs"), client_class("psa", "pps")
VA_PCS = client_class("va", "pcs")


def book(*skus: str, vls: bool = False) -> PoolBook:
    one = PoolBook()
    one.set_pools([pool_of(sku, virtual_license_server=vls) for sku in skus])
    return one


def served(sku: str, *, vls: bool = False) -> set[str]:
    mask = classes_served(known_sku(sku), virtual_license_server=vls)
    return {" ".join(pair) for number, pair in enumerate(CLASSES) if mask >> number & 1}


@pytest.mark.rule("SRV-06")
@pytest.mark.parametrize(
    ("sku", "classes"),
    [
        ("ACCESSX600-ADD-10U", {"mag pcs", "mag pps"}),
        ("CONSEC-ADD-10U", {"mag pcs", "psa pcs", "va pcs"}),
        ("CONSEC-10U-1YR", {"mag pcs", "psa pcs", "va pcs"}),
        ("POLSEC-10U-1YR", {"mag pps", "psa pps", "va pps"}),
        ("ACCESS-10U-1YR", {"mag pcs", "mag pps", "psa pcs", "psa pps", "va pcs", "va pps"}),
        ("ACCESS-RDP-10U-1YR", {"mag pcs", "psa pcs", "va pcs"}),
    ],
)
def test_a_license_serves_the_clients_it_fits(sku: str, classes: set[str]) -> None:
    assert served(sku) == classes


@pytest.mark.rule("KEY-12")
@pytest.mark.rule("VLS-10")
@pytest.mark.parametrize(
    ("sku", "classes"),
    [
        ("ACCESSX600-ADD-10U", set()),
        ("CONSEC-ADD-10U", {"psa pcs"}),
        ("POLSEC-ADD-10U", {"psa pps"}),
        ("CONSEC-10U-1YR", {"psa pcs", "va pcs"}),
        ("ACCESS-10U-1YR", {"psa pcs", "psa pps", "va pcs", "va pps"}),
    ],
)
def test_a_virtual_license_server_serves_no_mag_and_permanent_counts_to_psa_only(sku: str, classes: set[str]) -> None:
    assert served(sku, vls=True) == classes


@pytest.mark.rule("SUR-05")
def test_a_surrendered_platform_tied_license_serves_its_family_only() -> None:
    pool = pool_of("ACCESSX600-ADD-10U", virtual_license_server=False)

    assert pool == Pool(units=10, serves=1 << MAG_PCS | 1 << MAG_PPS, permanent=True)
    assert pool.tied


@pytest.mark.rule("AUT-01")
def test_counts_for_one_platform_family_are_tied_and_others_are_not() -> None:
    assert pool_of("CONSEC-ADD-10U", virtual_license_server=True).tied
    assert not pool_of("CONSEC-10U-1YR", virtual_license_server=True).tied
    assert not pool_of("ACCESS-RDP-10U-1YR", virtual_license_server=False).tied
    assert Pool(units=10, serves=0).tied


@pytest.mark.rule("SRV-06")
def test_a_client_gets_only_what_fits_it() -> None:
    one = book("ACCESSX600-ADD-10U", "CONSEC-100U-1YR", "POLSEC-1000U-1YR")

    assert one.available(MAG_PCS) == 110
    assert one.available(MAG_PPS) == 1010
    assert one.available(PSA_PCS) == one.available(VA_PCS) == 100
    assert one.available(PSA_PPS) == 1000


@pytest.mark.rule("SRV-07")
def test_a_promise_never_strands_capacity_whichever_pool_it_could_have_come_from() -> None:
    one = book("CONSEC-100U-1YR", "ACCESS-100U-1YR")

    one.commit(PSA_PCS, 100)  # by CONSEC or by ACCESS: neither is remembered

    assert one.available(PSA_PPS) == 100
    assert one.available(PSA_PCS) == 100
    one.commit(PSA_PPS, 100)
    assert one.available(PSA_PCS) == one.available(PSA_PPS) == 0
    one.commit(PSA_PCS, -40)
    assert (one.available(PSA_PCS), one.available(PSA_PPS)) == (40, 0)


@pytest.mark.rule("SRV-07")
def test_promises_of_two_classes_share_what_serves_both() -> None:
    one = book("CONSEC-30U-1YR", "POLSEC-20U-1YR", "ACCESS-50U-1YR")

    one.commit(PSA_PCS, 60)

    assert one.available(PSA_PPS) == 40
    assert one.available(MAG_PCS) == 20
    assert (one.capacity(), one.promised(), one.shortfall()) == (100, 60, 0)


@pytest.mark.rule("SRV-09")
def test_a_pool_that_shrinks_breaks_nothing_and_leaves_nothing() -> None:
    one = book("CONSEC-100U-1YR")
    one.commit(PSA_PCS, 80)

    one.set_pools([Pool(units=50, serves=1 << PSA_PCS)])

    assert (one.available(PSA_PCS), one.promised(), one.shortfall()) == (0, 80, 30)
    one.commit(PSA_PCS, -40)
    assert (one.available(PSA_PCS), one.shortfall()) == (10, 0)


@pytest.mark.rule("SRV-09")
def test_a_shortfall_is_not_held_against_clients_of_other_pools() -> None:
    one = book("POLSEC-100U-1YR", "ACCESSX600-ADD-10U")
    one.commit(PSA_PCS, 30)

    assert one.available(PSA_PPS) == 100
    assert one.available(MAG_PCS) == 10
    assert one.available(PSA_PCS) == 0


@pytest.mark.rule("AUT-01")
@pytest.mark.rule("AUT-02")
def test_what_is_left_for_auto_leasing_is_what_tied_counts_cannot_carry() -> None:
    one = book("ACCESSX600-ADD-100U", "ACCESS-1000U-1YR")
    assert one.untied_left() == 1000

    one.commit(MAG_PCS, 60)
    assert one.untied_left() == 1000
    one.commit(MAG_PCS, 60)
    assert one.untied_left() == 980
    one.commit(PSA_PCS, 80)
    assert one.untied_left() == 900
    one.commit(VA_PCS, 2000)
    assert (one.untied_left(), one.shortfall()) == (0, 1100)


@pytest.mark.rule("AUT-02")
def test_with_no_tied_counts_all_that_is_left_is_for_auto_leasing() -> None:
    one = book("CONSEC-1000U-1YR")
    one.commit(PSA_PCS, 10 * 60)

    assert one.untied_left() == 400


def test_an_empty_book_has_nothing_for_anybody() -> None:
    one = PoolBook()

    assert [one.available(group) for group in range(len(CLASSES))] == [0] * 6
    assert (one.capacity(), one.untied_left(), one.shortfall()) == (0, 0, 0)


def test_there_are_no_other_classes_of_client() -> None:
    with pytest.raises(KeyError):
        client_class("sa", "pcs")


def test_the_book_is_kept_with_the_state_of_the_server() -> None:
    one = book("ACCESSX600-ADD-100U", "CONSEC-100U-1YR")
    one.commit(MAG_PCS, 150)

    again = msgspec.json.decode(msgspec.json.encode(one), type=PoolBook)

    assert again == one
    assert again.available(MAG_PCS) == 50


@pytest.mark.rule("SRV-06")
def test_a_servers_own_licenses_make_its_pools_while_they_count() -> None:
    now = parse_instant("2018-06-01")
    holder = Holder(
        platform=platform("psa3000"), personality="pcs", release=Release.parse("8.3R1"), license_server=True
    )

    def license_of(sku: str, serial: str, ends_at: int = NEVER) -> InstalledLicense:
        return InstalledLicense(serial=serial, key=serial, sku=sku, starts_at=0, ends_at=ends_at, installed_at=0)

    licenses = [
        license_of("POLSEC-ADD-10U", "1"),
        license_of("ACCESS-RDP-5U-1YR", "2", now + 1),
        license_of("CONSEC-20U-1YR", "3", parse_instant("2018-01-01")),
        license_of("LICENSE-SVR", "4"),
    ]

    assert pools_of(licenses, "concurrent-users", holder=holder, now=now) == (
        pool_of("POLSEC-ADD-10U", virtual_license_server=False),
    )
    assert pools_of(licenses, "rdp-users", holder=holder, now=now) == (
        pool_of("ACCESS-RDP-5U-1YR", virtual_license_server=False),
    )
