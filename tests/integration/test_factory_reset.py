"""Factory reset, by the lab or at the console: first boot again, the same hardware ID, and the file's wishes anew."""

import time

import pytest

from leaselab.testbed import Lab
from leaselab.testbed.testing.topologies import pair

TOPOLOGY = pair("resets")


@pytest.mark.rule("CON-05")
@pytest.mark.parametrize("runtime", ["embedded", "process"])
def test_a_node_that_the_lab_resets_goes_through_first_boot_and_is_what_the_file_says(runtime: str) -> None:
    with Lab.up(TOPOLOGY, runtime=runtime) as lab:
        before = lab["gw1"].report()

        lab["gw1"].reset()

        after = lab["gw1"].report()
        assert after.hardware_id == before.hardware_id
        assert after.leases == before.leases
        assert lab["gw1"].users.count == 3


@pytest.mark.rule("CON-05")
def test_a_device_reset_at_its_console_is_provisioned_again() -> None:
    with Lab.up(TOPOLOGY) as lab:
        gateway = lab["gw1"]
        hardware_id = gateway.report().hardware_id
        console = gateway.console
        console.sendline()
        for prompt, answer in (("Choice:", "4"), ("Choice:", "5"), ("(y/n)", "y")):
            console.expect(prompt)
            console.sendline(answer)
        console.expect("Welcome to the initial configuration")

        until = time.monotonic() + 10
        while gateway.users.count != 3 and time.monotonic() < until:
            time.sleep(0.05)

        assert gateway.report().hardware_id == hardware_id
        assert gateway.leased("concurrent-users") == 20
        assert gateway.users.count == 3
