"""What the console may show of its device: read-only, and no more than the screens need."""

import msgspec


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
        vendor: as the banner names it, e.g. ``Pulse Secure``.
        product: e.g. ``Pulse Connect Secure``.
        release: e.g. ``8.3R1``; ``build`` is its build number.
        rollback: the version that a rollback would return to, empty while there is none.
        reset: the version that a factory reset returns to.
        virtual: a virtual appliance rather than hardware.
        offers_virtual_license_server: whether first boot asks for that mode (VLS-01, PLT-05).
        console_protected: whether the menu is behind a sign-in.
        administrators: local administrators with their stored passwords.
        ports: by name; ``internal`` is there once it is set.
        admin_url: where the admin console is.
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
    def driver(self) -> str:
        """The network driver that start-up names (facts 1.1)."""
        return "vmxnet3" if self.virtual else "e1000e"

    @property
    def first_generation(self) -> bool:
        """Whether the software is of the 7.x line (Policy Secure 4.x), whose wording differs in places."""
        return self.release.partition(".")[0] in {"4", "7"}
