"""What a license server hides (GAT-01)."""

import pytest

from leaselab.appliance.models.windows import DISABLED_ON_LICENSE_SERVER, format_window, is_disabled

APPENDIX_A = """
System > Status > Meeting Schedule
System > Status > Virtual Desktop Sessions
System > Configuration > Secure Meeting
System > Configuration > User Record Synchronization
System > Configuration > Sensors
System > Configuration > Virtual Desktops
System > Configuration > NCP
System > Network > Network Connect
System > Clustering
System > Virtual Systems
System > IF-MAP Federation
System > Log/Monitoring > Sensors
System > Log/Monitoring > User Access
System > Log/Monitoring > Client Logs
Maintenance > Push Config
Maintenance > Troubleshooting > Monitoring > Cluster
Maintenance > Troubleshooting > User Session
Maintenance > Archiving > Secure Meetings
Maintenance > Import/Export > IVS
"""


@pytest.mark.rule("GAT-01")
def test_the_windows_are_those_of_appendix_a_in_its_order() -> None:
    assert [format_window(window) for window in DISABLED_ON_LICENSE_SERVER] == APPENDIX_A.split("\n")[1:-1]


@pytest.mark.rule("GAT-01")
def test_a_disabled_window_and_all_under_it_are_disabled_on_a_license_server_only() -> None:
    assert is_disabled(["System", "Clustering"], license_server=True)
    assert is_disabled(["System", "Clustering", "Status"], license_server=True)
    assert not is_disabled(["System", "Clustering"], license_server=False)


@pytest.mark.rule("GAT-01")
def test_windows_beside_and_above_a_disabled_one_stay() -> None:
    assert not is_disabled(["System", "Status", "Overview"], license_server=True)
    assert not is_disabled(["System", "Status"], license_server=True)
    assert not is_disabled(["System", "Log/Monitoring", "Events"], license_server=True)
