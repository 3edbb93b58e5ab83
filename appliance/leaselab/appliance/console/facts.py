"""What the console may show of its device: read-only, and no more than the screens need."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from leaselab.appliance.config import ApplianceConfig, HostEntry
from leaselab.appliance.console.tools import Neighbour
from leaselab.appliance.licensing.commands import FEATURES
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.models.platforms import MAG, PERSONALITIES
from leaselab.appliance.models.releases import (
    Release,
    build_of,
    has_virtual_license_server,
    matching_release,
    product_name,
    vendor_name,
)
from leaselab.appliance.models.services import HALTED_ON_LICENSE_SERVER, service_states


class PortFacts(msgspec.Struct, frozen=True):
    """The addresses of one port."""

    address: str
    netmask: str
    gateway: str = ""
    dns: tuple[str, ...] = ()
    domains: str = ""
    wins: str = ""
    enabled: bool = True


class Image(msgspec.Struct, frozen=True):
    """Software that a factory reset can return to."""

    personality: str
    product: str
    release: str
    build: int


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
        images: what a factory reset offers to choose from, where that is more than one (facts 1.1).
        virtual: a virtual appliance rather than hardware.
        offers_virtual_license_server: whether first boot asks for that mode (VLS-01, PLT-05).
        console_protected: whether the menu is behind a sign-in.
        administrators: local administrators with their stored passwords.
        ports: by name; ``internal`` is there once it is set.
        peers: address of each device that this one can name.
        neighbours: the hardware addresses it has learned, or was told.
        cluster: of which it is a member, or empty.
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
    images: tuple[Image, ...] = ()
    virtual: bool = False
    offers_virtual_license_server: bool = False
    first_boot_done: bool = False
    agreement_accepted: bool = False
    console_protected: bool = False
    administrators: dict[str, str] = {}
    ports: dict[str, PortFacts] = {}
    peers: dict[str, str] = {}
    neighbours: tuple[Neighbour, ...] = ()
    cluster: str = ""
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
    log_tail: Sequence[str] = (),
    neighbours: Iterable[Neighbour] = (),
) -> Facts:
    """Return the facts of an appliance.

    Args:
        state: as it is now.
        config: as it was switched on.
        log_tail: the latest lines of its event log, oldest first.
        neighbours: the hardware addresses it has learned.
    """
    release, platform = state.parsed_release, state.platform
    internal = state.network.get("internal")
    host = internal.address if internal is not None else config.addresses["internal"]
    return Facts(
        hostname=state.hostname,
        vendor=vendor_name(release, state.personality),
        product=product_name(release, state.personality),
        release=str(release),
        build=build_of(release),
        hardware_id=state.hardware_id,
        serial_number=state.serial_number,
        admin_url=f"{config.ports.web_address(host)}/admin",
        driver=platform.driver,
        virtual=platform.virtual,
        offers_virtual_license_server=platform.virtual and has_virtual_license_server(release, state.personality),
        first_boot_done=state.first_boot_done,
        agreement_accepted=state.agreement_accepted,
        console_protected=state.console_protected,
        rollback=_version(Release.parse(state.rollback)) if state.rollback else "",
        reset=_version(_told(state, config)),
        images=_images(state, config),
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
        neighbours=tuple(neighbours),
        cluster=state.cluster.name,
        status=tuple(_status(state)),
        log_tail=tuple(log_tail),
    )


def _version(release: Release) -> str:
    return f"{release} (build {build_of(release)})"


def _told(state: ApplianceState, config: ApplianceConfig) -> Release:
    """Return what the device runs after a factory reset: what the lab gives it at switch-on (PLT-03)."""
    return matching_release(Release.parse(config.release), state.personality)


def _images(state: ApplianceState, config: ApplianceConfig) -> tuple[Image, ...]:
    """Return the factory images of a MAG, which carries both personalities (PLT-02); others have one."""
    if state.platform.family != MAG:
        return ()
    images = []
    for personality in PERSONALITIES:
        release = matching_release(Release.parse(config.release), personality)
        product = product_name(release, personality)
        images.append(Image(personality=personality, product=product, release=str(release), build=build_of(release)))
    return tuple(images)


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
