"""What the console may show of its device: read-only, and no more than the screens need."""

from collections.abc import Collection, Iterator, Sequence

import msgspec

from leaselab.appliance.config import ApplianceConfig, HostEntry
from leaselab.appliance.licensing.commands import FEATURES
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.models.releases import build_of, has_virtual_license_server, product_name, vendor_name
from leaselab.appliance.models.services import HALTED_ON_LICENSE_SERVER, service_states

HTTPS_PORT = 443
"""Left out of addresses that people read."""


class PortFacts(msgspec.Struct, frozen=True):
    """The addresses of one port."""

    address: str
    netmask: str
    gateway: str = ""
    dns: tuple[str, ...] = ()
    domains: str = ""
    wins: str = ""
    enabled: bool = True


class Facts(msgspec.Struct, frozen=True):
    """A device as its console sees it.

    Attributes:
        vendor: as banner and license agreement name it, e.g. ``Pulse Secure``.
        product: e.g. ``Pulse Connect Secure``.
        release: e.g. ``8.3R1``; ``build`` is its build number.
        driver: the network driver that start-up names.
        admin_url: where the admin console is.
        rollback: the version that a rollback would return to, empty while there is none.
        reset: the version that a factory reset returns to; empty where it is the current one.
        virtual: a virtual appliance rather than hardware.
        offers_virtual_license_server: whether first boot asks for that mode (VLS-01, PLT-05).
        console_protected: whether the menu is behind a sign-in.
        administrators: local administrators with their stored passwords.
        ports: by name; ``internal`` is there once it is set.
        peers: address of each device that this one can name.
        unreachable: those of the peers that the network does not reach now.
        status: label and value, line by line, of ``Display log/status``.
        log_tail: the latest lines of the event log, oldest first.
    """

    hostname: str
    vendor: str
    product: str
    release: str
    build: int
    hardware_id: str
    serial_number: str
    admin_url: str
    driver: str = "e1000e"
    rollback: str = ""
    reset: str = ""
    virtual: bool = False
    offers_virtual_license_server: bool = False
    first_boot_done: bool = False
    agreement_accepted: bool = False
    console_protected: bool = False
    administrators: dict[str, str] = {}
    ports: dict[str, PortFacts] = {}
    peers: dict[str, str] = {}
    unreachable: frozenset[str] = frozenset()
    status: tuple[tuple[str, str], ...] = ()
    log_tail: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """The running version as the product prints it."""
        return f"{self.release} (build {self.build})"

    @property
    def reset_version(self) -> str:
        """What a factory reset returns to, as the product prints it."""
        return self.reset or self.version

    @property
    def first_generation(self) -> bool:
        """Whether the software is of the 7.x line (Policy Secure 4.x), whose wording differs in places."""
        return self.release.partition(".")[0] in {"4", "7"}


def facts_of(
    state: ApplianceState,
    config: ApplianceConfig,
    *,
    console_protected: bool = False,
    log_tail: Sequence[str] = (),
    unreachable: Collection[str] = (),
) -> Facts:
    """Return the facts of an appliance.

    Args:
        state: as it is now.
        config: as it was switched on.
        console_protected: whether the menu is behind a sign-in.
        log_tail: the latest lines of its event log, oldest first.
        unreachable: names of the peers that the network does not reach now.
    """
    release, platform = state.parsed_release, state.platform
    internal = state.network.get("internal")
    host = internal.address if internal is not None else config.addresses["internal"]
    port = "" if config.ports.https == HTTPS_PORT else f":{config.ports.https}"
    return Facts(
        hostname=state.hostname,
        vendor=vendor_name(release, state.personality),
        product=product_name(release, state.personality),
        release=str(release),
        build=build_of(release),
        hardware_id=state.hardware_id,
        serial_number=state.serial_number,
        admin_url=f"https://{host}{port}/admin",
        driver=platform.driver,
        virtual=platform.virtual,
        offers_virtual_license_server=platform.virtual and has_virtual_license_server(release, state.personality),
        first_boot_done=state.first_boot_done,
        agreement_accepted=state.agreement_accepted,
        console_protected=console_protected,
        administrators=state.administrators,
        ports={
            name: PortFacts(
                address=one.address,
                netmask=one.netmask,
                gateway=one.gateway,
                dns=one.dns,
                domains=one.domains,
                wins=one.wins,
                enabled=one.enabled,
            )
            for name, one in state.network.items()
        },
        peers={name: _address(entry) for name, entry in config.hosts.items()},
        unreachable=frozenset(unreachable),
        status=tuple(_status(state)),
        log_tail=tuple(log_tail),
    )


def _address(entry: HostEntry) -> str:
    """Return a peer's internal address; one that is on other networks only is known by the first of those."""
    return entry.addresses.get("internal") or next(iter(entry.addresses.values()), "")


def _status(state: ApplianceState) -> Iterator[tuple[str, str]]:
    yield "Platform", state.platform.name
    yield "License server", "enabled" if state.server.enabled else "not enabled"
    for feature in FEATURES:
        yield f"Signed in, {feature}", f"{state.signed_in.get(feature, 0)} of {state.limit(feature)} licensed"
    if state.client.settings is not None:
        yield "Leases from", state.client.settings.server
    for key, standing in service_states(license_server=state.is_license_server).items():
        yield HALTED_ON_LICENSE_SERVER[key], standing
