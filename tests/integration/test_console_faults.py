"""A console that is bad on purpose: in the file, and while the lab runs."""

import time

import pytest

from leaselab.appliance.config import ConsoleFaults
from leaselab.testbed import Lab
from leaselab.testbed.console_driver import ConsoleError
from leaselab.testbed.errors import LeaselabError, TopologyError

PATIENCE_SECONDS = 60
TOPOLOGY = """
name: bad-lines
nodes:
  gw1:
    kind: psa3000
    boot: {accept-license: true, admin: {name: admin, password: admin123}}
    console: {faults: ${FAULTS:-{}}}
"""


def up(faults: str = "{}") -> Lab:
    return Lab.up(TOPOLOGY.replace("${FAULTS:-{}}", faults))


def test_a_prompt_that_is_lost_never_shows_and_the_next_one_does() -> None:
    with up() as lab:
        console = lab["gw1"].console
        assert lab["gw1"].console_faults(lost_prompts=1) == ConsoleFaults(lost_prompts=1)

        console.sendline()
        console.expect("Reset allowed encryption strength for SSL", timeout=PATIENCE_SECONDS)
        with pytest.raises(ConsoleError):
            console.expect("Choice:", timeout=0.2)
        assert lab["gw1"].status().prompt == "Choice:"
        console.sendline()

        console.expect("Choice:", timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize("runtime", ["embedded", "process"])
def test_split_bytes_arrive_in_order(runtime: str) -> None:
    with Lab.up(TOPOLOGY.replace("${FAULTS:-{}}", "{split-bytes: true}"), runtime=runtime) as lab:
        lab["gw1"].console.sendline()

        shown = lab["gw1"].console.expect("Choice: ", timeout=PATIENCE_SECONDS)

        assert "Welcome to the Pulse Secure Pulse Connect Secure Serial Console!\r\n\r\nCurrent version:" in shown


def test_a_late_banner_comes_after_the_first_key_was_pressed() -> None:
    with up("{banner-delay-milliseconds: 300}") as lab:
        began = time.monotonic()
        lab["gw1"].console.sendline()

        lab["gw1"].console.expect("appliance settings.", timeout=PATIENCE_SECONDS)
        assert time.monotonic() - began >= 0.2
        lab["gw1"].console.expect("Choice:", timeout=PATIENCE_SECONDS)


def test_a_slow_echo_is_slow_until_the_faults_are_cleared() -> None:
    with up("{echo-delay-milliseconds: 60000}") as lab:
        lab["gw1"].console.sendline()
        with pytest.raises(ConsoleError):
            lab["gw1"].console.expect("Choice:", timeout=0.2)

        assert lab["gw1"].console_faults() == ConsoleFaults()
        lab["gw1"].close()

        lab["gw1"].console.expect("Choice:", timeout=PATIENCE_SECONDS)


def test_a_fault_that_there_is_not_is_refused_and_changes_nothing() -> None:
    with up() as lab:
        lab["gw1"].console_faults(lost_prompts=2)

        with pytest.raises(LeaselabError, match="lost_prompt"):
            lab["gw1"].console_faults(lost_prompt=1)
        with pytest.raises(LeaselabError, match="60000"):
            lab["gw1"].console_faults(echo_delay_milliseconds=60_001)

        assert lab["gw1"].request({"do": "console-faults"})["faults"]["lost_prompts"] == 2


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ("{lost-prompt: 1}", r"console\.faults\.lost-prompt.*did you mean lost-prompts"),
        ("{lost-prompts: -1}", r":7:.*console\.faults\.lost-prompts"),
        ("{echo-delay-milliseconds: 2h}", r"console\.faults\.echo-delay-milliseconds"),
    ],
)
def test_the_file_is_held_to_the_same_names_and_limits(faults: str, said: str) -> None:
    with pytest.raises(TopologyError, match=said):
        up(faults)
