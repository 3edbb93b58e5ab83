"""Passwords at rest (docs/decisions/0007)."""

import pytest

from leaselab.appliance.licensing.passwords import MAX_PASSWORD, hash_password, verify_password

COST = 4


def test_a_password_is_known_again_and_another_is_not() -> None:
    stored = hash_password("secret1", b"salt", COST)

    assert stored.startswith("scrypt$")
    assert "secret1" not in stored
    assert verify_password("secret1", stored)
    assert not verify_password("secret2", stored)


def test_the_same_password_with_another_salt_is_stored_otherwise() -> None:
    assert hash_password("secret1", b"one", COST) != hash_password("secret1", b"two", COST)


def test_a_password_that_is_too_long_to_be_anybodys_is_not_worked_for() -> None:
    long = "x" * (MAX_PASSWORD + 1)

    assert not verify_password(long, hash_password(long, b"salt", COST))


@pytest.mark.parametrize("stored", ["", "secret1", "md5$10$00$00", "scrypt$ten$00$00", "scrypt$10$no hex$00"])
def test_what_is_no_stored_password_admits_nobody(stored: str) -> None:
    assert not verify_password("secret1", stored)
