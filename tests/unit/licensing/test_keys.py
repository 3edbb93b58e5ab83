"""License keys: minted, typed, read, and refused (KEY-02, KEY-03)."""

import re
from datetime import date

import pytest

from leaselab.appliance.licensing.keys import LONGEST_KEY, LicenseKey, authority_pair, mint_key, read_key, split_keys
from leaselab.appliance.licensing.skus import known_sku
from leaselab.appliance.machine import Refusal

DEVICE = "0271MRQ5ZK8TDNVW"
OTHER_DEVICE = "0271AAAAAAAAAAAA"
PRIVATE, PUBLIC = authority_pair(b"quickstart")
KEY = mint_key("CONSEC-1000U-1YR", DEVICE, "LIC-0001", date(2018, 1, 1), date(2018, 12, 31), PRIVATE)


def reason(text: str) -> str:
    outcome = read_key(text, DEVICE, PUBLIC)
    assert isinstance(outcome, Refusal), outcome
    return outcome.reason


@pytest.mark.rule("KEY-03")
def test_a_key_says_what_was_signed() -> None:
    assert read_key(KEY, DEVICE, PUBLIC) == LicenseKey(
        text=KEY,
        sku=known_sku("CONSEC-1000U-1YR"),
        hardware_id=DEVICE,
        serial="LIC-0001",
        starts_on=date(2018, 1, 1),
        ends_on=date(2018, 12, 31),
    )


@pytest.mark.rule("KEY-03")
def test_a_key_may_name_no_days() -> None:
    read = read_key(mint_key("CONSEC-ADD-100U", DEVICE, "7", None, None, PRIVATE), DEVICE, PUBLIC)

    assert isinstance(read, LicenseKey)
    assert (read.starts_on, read.ends_on) == (None, None)


@pytest.mark.rule("KEY-03")
def test_a_key_is_printable_in_groups_of_five_without_look_alikes() -> None:
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{5}-)*[0-9A-HJKMNP-TV-Z]{1,5}", KEY)


@pytest.mark.rule("KEY-03")
@pytest.mark.parametrize(
    "typed",
    [
        KEY.lower(),
        KEY.replace("-", ""),
        KEY.replace("-", " "),
        f"  {KEY}\r\n",
        KEY.replace("0", "O").replace("1", "I"),
        KEY.replace("0", "o").replace("1", "l"),
    ],
)
def test_a_key_is_read_as_people_type_it(typed: str) -> None:
    read = read_key(typed, DEVICE, PUBLIC)

    assert isinstance(read, LicenseKey)
    assert read.text == KEY


@pytest.mark.rule("KEY-03")
def test_the_same_authority_signs_the_same_key() -> None:
    assert authority_pair(b"quickstart") == (PRIVATE, PUBLIC)
    assert mint_key("CONSEC-1000U-1YR", DEVICE, "LIC-0001", date(2018, 1, 1), date(2018, 12, 31), PRIVATE) == KEY


@pytest.mark.rule("KEY-02")
@pytest.mark.parametrize(
    "text", ["", "ABC", "hello", "UUUUU-UUUUU", KEY[:40], KEY[:-8], KEY + "-00000", "0" * (LONGEST_KEY + 1), "é"]
)
def test_what_is_no_key_is_malformed(text: str) -> None:
    assert reason(text) == "malformed"


@pytest.mark.rule("KEY-02")
@pytest.mark.rule("KEY-03")
@pytest.mark.parametrize("at", [0, 7, 60, 120, len(KEY) - 12, len(KEY) - 1])
def test_a_key_with_a_letter_changed_is_tampered_with(at: int) -> None:
    changed = KEY[:at] + ("3" if KEY[at] != "3" else "4") + KEY[at + 1 :]

    assert reason(changed) == "tampered"


@pytest.mark.rule("KEY-03")
def test_a_key_of_another_authority_is_tampered_with() -> None:
    forged = mint_key("CONSEC-1000U-1YR", DEVICE, "LIC-0001", None, None, authority_pair(b"another lab")[0])

    assert reason(forged) == "tampered"


@pytest.mark.rule("KEY-02")
@pytest.mark.rule("PLT-07")
def test_a_key_for_another_device_is_refused_naming_both() -> None:
    outcome = read_key(mint_key("CONSEC-ADD-100U", OTHER_DEVICE, "7", None, None, PRIVATE), DEVICE, PUBLIC)

    assert isinstance(outcome, Refusal)
    assert outcome.reason == "other-device"
    assert f"is for hardware ID {OTHER_DEVICE}, this device is {DEVICE}" in outcome.message


@pytest.mark.rule("KEY-02")
def test_a_genuine_key_for_an_unknown_sku_is_refused_with_the_nearest_form() -> None:
    outcome = read_key(mint_key("CONSEC-100", DEVICE, "7", None, None, PRIVATE), DEVICE, PUBLIC)

    assert isinstance(outcome, Refusal)
    assert outcome.reason == "unknown-sku"
    assert "'CONSEC-100' is no SKU that is known here; the nearest form is CONSEC" in outcome.message


@pytest.mark.rule("KEY-02")
def test_a_refusal_shows_enough_of_the_key_to_find_it() -> None:
    outcome = read_key(f"{KEY[:-1]}U", DEVICE, PUBLIC)

    assert outcome == Refusal("malformed", f"{KEY[:11]}... is not a license key: enter all of its groups, as issued")


@pytest.mark.parametrize(("sku", "serial"), [("X" * 65, "7"), ("CONSEC-ADD-100U", "sieben-ß")])
def test_what_does_not_fit_into_a_key_is_not_minted(sku: str, serial: str) -> None:
    with pytest.raises(ValueError, match="does not go into a license key: at most 64 ASCII characters"):
        mint_key(sku, DEVICE, serial, None, None, PRIVATE)


@pytest.mark.rule("KEY-03")
def test_several_keys_can_be_entered_at_once() -> None:
    assert split_keys(f"{KEY}\r\n\n second ; third, fourth\n") == (KEY, "second", "third", "fourth")
    assert split_keys(" \n") == ()
