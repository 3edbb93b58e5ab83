"""System > Configuration > Security."""

from leaselab.testbed.testing.fleet import Fleet
from leaselab.testbed.testing.visitor import Visitor

SECURITY = "/dana-admin/system/configuration/security.cgi"


def test_the_lowest_tls_is_chosen_among_what_there_is() -> None:
    fleet = Fleet()
    fleet.appliance("gw1")
    admin = Visitor.administrator(fleet, "gw1")
    admin.get(SECURITY)
    assert 'value="1.2" checked' in admin.source

    admin.submit(minimum_tls="1.3")
    assert admin.notes == ["The settings are saved."]
    assert fleet.devices["gw1"].state.minimum_tls == "1.3"
    assert 'value="1.3" checked' in admin.source

    assert admin.submit(minimum_tls="1.0") == 422
    assert admin.notes == ["TLS 1.0 is none of 1.2, 1.3."]
    assert fleet.devices["gw1"].state.minimum_tls == "1.3"
    fleet.restart("gw1")
    assert fleet.devices["gw1"].state.minimum_tls == "1.3"
