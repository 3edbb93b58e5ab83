"""The plan of a virtual machine's clone (VLS-09)."""

import pytest

from leaselab.appliance.config import ApplianceConfig
from leaselab.testbed.topology.loading import read
from leaselab.testbed.topology.planner import cloned, plan

LAB = "name: lab\nnodes: {va: {kind: va-spe, users: 3, licenses: [CONSEC-10U-1YR], publish: {https: 8443}}}\n"


@pytest.mark.rule("VLS-09")
@pytest.mark.parametrize(("runtime", "first"), [("embedded", "127."), ("docker", "10.")])
def test_a_clone_is_the_same_device_under_another_name_and_address_and_nothing_is_entered_on_it(
    runtime: str, first: str
) -> None:
    lab = plan(read(LAB, file="lab.yml"), slot=7, privileged=True, runtime=runtime, secret="5e" * 32)
    original = lab.node("va")

    clone = cloned(original, "va-clone", lab, same_identity=True)

    assert isinstance(clone.config, ApplianceConfig)
    assert isinstance(original.config, ApplianceConfig)
    assert (clone.name, clone.config.name) == ("va-clone", "va-clone")
    assert clone.config.hardware_id == original.config.hardware_id
    assert clone.config.addresses["internal"].startswith(first)
    assert clone.config.addresses != original.config.addresses
    assert (clone.provision, clone.users, clone.load, clone.container.published) == ((), 0, (), ())


@pytest.mark.rule("PLT-07")
def test_a_clone_with_an_identity_of_its_own_has_a_hardware_id_that_no_node_has() -> None:
    lab = plan(read(LAB, file="lab.yml"), slot=7, privileged=True, runtime="embedded", secret="5e" * 32)
    original = lab.node("va")

    first, again = (cloned(original, "va-clone", lab, same_identity=False) for _ in range(2))

    assert isinstance(first.config, ApplianceConfig)
    assert isinstance(original.config, ApplianceConfig)
    assert first == again
    assert (len(first.config.hardware_id), first.config.serial_number) == (16, original.config.serial_number)
    assert first.config.hardware_id != original.config.hardware_id
