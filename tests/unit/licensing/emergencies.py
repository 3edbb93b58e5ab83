"""What the tests of emergency mode share: one gateway, and what is seen of its mode."""

import msgspec

from leaselab.appliance.instants import Instant, parse_instant
from leaselab.appliance.licensing.commands import CONCURRENT_USERS, SetEmergency
from leaselab.appliance.licensing.eventlog import lines
from leaselab.appliance.licensing.events import ApplianceEvent, EmergencySwitched
from leaselab.testbed.testing.fleet import Fleet

NEW_YEAR = parse_instant("2018-01-01")
ON = SetEmergency(enabled=True)
OFF = SetEmergency(enabled=False)


def gateway(*skus: str, release: str = "8.3R1", personality: str = "pcs") -> Fleet:
    """Return a fleet of one gateway for at most 200 users; unless said otherwise 100 are licensed, and ICE."""
    fleet = Fleet()
    fleet.appliance("gw", release=release, personality=personality, maximum_users=200)
    fleet.install("gw", *(skus or ("ICE", "ACCESS-100U-1YR")))
    return fleet


def automatic(*skus: str, release: str = "9.1R7", personality: str = "pcs") -> Fleet:
    """Return the same with a release that enables the mode by itself."""
    return gateway(*skus, release=release, personality=personality)


def mode(fleet: Fleet, name: str = "gw") -> str:
    return fleet.report(name).emergency.state


def most(fleet: Fleet, feature: str = CONCURRENT_USERS, name: str = "gw") -> int:
    return fleet.report(name).features[feature].limit


def signed_in(fleet: Fleet) -> int:
    return fleet.report("gw").features[CONCURRENT_USERS].signed_in


def switched(fleet: Fleet) -> list[tuple[Instant, bool, str]]:
    """Return when emergency mode was switched, to what and by whom; times count from the fleet's first instant."""
    events = ((at, msgspec.json.decode(body, type=ApplianceEvent)) for _, at, body in fleet.store.history("gw"))
    return [(at - NEW_YEAR, event.enabled, event.by) for at, event in events if isinstance(event, EmergencySwitched)]


def log(fleet: Fleet) -> list[tuple[int, str, str]]:
    return [
        (line.severity, line.code, line.message)
        for _, at, body in fleet.store.history("gw")
        for line in lines(msgspec.json.decode(body, type=ApplianceEvent), at)
        if "ICE" in line.message and "emergency" in line.message
    ]
