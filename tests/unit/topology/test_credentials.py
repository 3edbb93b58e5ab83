"""What a lab's secret gives: authorities, certificates and keys, the same each time."""

from leaselab.testbed.topology.credentials import Credentials


def test_the_lines_to_other_machines_have_an_authority_of_their_own() -> None:
    lab, again, other = Credentials("lab", "ab" * 32), Credentials("lab", "ab" * 32), Credentials("lab", "cd" * 32)

    assert lab.of_lines().authority_certificate == again.of_lines().authority_certificate
    assert lab.of_lines().authority_certificate != lab.authority_certificate
    assert lab.of_lines().authority_certificate != other.of_lines().authority_certificate
