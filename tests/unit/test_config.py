"""What a device is told when it is switched on."""

import msgspec
import pytest

from leaselab.appliance.config import NO_FAULTS, ConsoleFaults


def test_a_prompt_that_was_lost_is_one_less_to_lose_and_nothing_else_changes() -> None:
    faults = ConsoleFaults(lost_prompts=2, split_bytes=True)

    assert faults.with_prompt_lost() == ConsoleFaults(lost_prompts=1, split_bytes=True)


@pytest.mark.parametrize("text", [b'{"lost_prompts": -1}', b'{"echo_delay_milliseconds": 60001}', b'{"lost": 1}'])
def test_faults_of_the_console_that_cannot_be_are_refused(text: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=ConsoleFaults)


def test_a_console_without_faults_loses_nothing() -> None:
    assert msgspec.json.decode(b"{}", type=ConsoleFaults) == NO_FAULTS
