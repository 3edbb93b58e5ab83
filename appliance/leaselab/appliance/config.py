"""What a device is told when it is switched on. Whoever runs it writes this; it holds secrets, so mode 0600."""

from typing import Annotated, Final

import msgspec

from leaselab.appliance.instants import Instant

PASSWORD_COST_LOG2: Final = 10
"""Of scrypt, as a lab's devices store passwords (docs/decisions/0007)."""


class HostEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a peer is: its address on each network, and its HTTPS port."""

    addresses: dict[str, str]
    https_port: int


HTTPS_PORT: Final = 443


class Ports(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ports a device listens on, on its internal (and external, management) address."""

    ssh: int
    https: int
    metrics: int

    def web_address(self, host: str) -> str:
        """Return where a browser finds a host's pages, as people read it: without the port that goes without saying."""
        return f"https://{host}" if self.https == HTTPS_PORT else f"https://{host}:{self.https}"


class Tls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """PEM texts: this device's certificate chain and key, and the authority it trusts."""

    certificate: str
    key: str
    authority: str


class ConsoleFaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong on the way from the serial line to those who look at it.

    Attributes:
        lost_prompts: so many of the next prompts are never shown.
        split_bytes: output comes byte by byte, each in a packet of its own.
        banner_delay_milliseconds: a newcomer gets the recent output that late, perhaps after the first key.
        echo_delay_milliseconds: everything that is typed or printed shows that late.
    """

    lost_prompts: Annotated[int, msgspec.Meta(ge=0, le=1_000)] = 0
    split_bytes: bool = False
    banner_delay_milliseconds: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 0
    echo_delay_milliseconds: Annotated[int, msgspec.Meta(ge=0, le=60_000)] = 0

    def with_prompt_lost(self) -> "ConsoleFaults":
        """Return what is left once one more prompt was lost."""
        return msgspec.structs.replace(self, lost_prompts=self.lost_prompts - 1)


NO_FAULTS: Final = ConsoleFaults()


class Ssh(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The console server: host key (OpenSSH private key text), who may attach."""

    host_key: str
    authorized_keys: tuple[str, ...] = ()
    users: dict[str, str] = {}
    """Console users with passwords; keys are the usual way in."""
    faults: ConsoleFaults = NO_FAULTS
    """What goes wrong on the line from the start."""


class SyslogReceiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where an appliance sends its log as well; ``protocol`` is ``udp`` or ``tcp``."""

    host: str
    port: int = 514
    protocol: str = "udp"


class ApplianceConfig(msgspec.Struct, frozen=True, tag="appliance", forbid_unknown_fields=True):
    """An emulated gateway or license server.

    Attributes:
        name: the node's name in the lab; also its host name unless ``hostname`` says otherwise.
        kind: a key of the platform data, e.g. ``psa3000``.
        addresses: own address by network (``internal`` is always there).
        hosts: every peer it can name.
        authority_key: the licensing authority's Ed25519 public key, hex (KEY-03).
        cloud: the name of the vendor's side in ``hosts``, or empty.
        boot: answers to boot prompts by prompt name (CON-04); what is absent is asked on the console.
        user_password: what end users of this device sign in with.
        seed: of this device's randomness; same seed, same history.
        peer_secret: shared by the devices of one lab; whoever shows it may move this device's clock on.
        maximum_users: overrides the platform's figure.
        syslog: who is sent each line of its log.
        clock_skew: how wrong its clock is just now; ``None``: it is right, and always was.
        password_cost_log2: what it costs to search for a password that it stores; kept with each.
    """

    name: str
    kind: str
    personality: str
    release: str
    hardware_id: str
    serial_number: str
    addresses: dict[str, str]
    ports: Ports
    hosts: dict[str, HostEntry]
    tls: Tls
    ssh: Ssh
    authority_key: str
    user_password: str
    seed: str
    hostname: str = ""
    cloud: str = ""
    boot: dict[str, str] = {}
    peer_secret: str = ""
    maximum_users: int | None = None
    time_zone: str = "UTC"
    syslog: tuple[SyslogReceiver, ...] = ()
    clock_skew: int | None = None
    password_cost_log2: int = PASSWORD_COST_LOG2


class AuthCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an authentication code entitles to (DLD-04).

    Attributes:
        licenses: SKUs.
        starts: start day ``YYYY-MM-DD`` of their terms; empty: the day it is claimed.
        node: for which its owner has the keys made at the vendor's portal; empty: for who enters the code.
        hardware_id: that node's.
        made_at: when they are made.
    """

    licenses: tuple[str, ...]
    starts: str = ""
    node: str = ""
    hardware_id: str = ""
    made_at: Instant = 0


class CloudConfig(msgspec.Struct, frozen=True, tag="cloud", forbid_unknown_fields=True):
    """The vendor's side: download center and cloud licensing service. ``authority_key`` is the private key, hex."""

    name: str
    addresses: dict[str, str]
    ports: Ports
    hosts: dict[str, HostEntry]
    tls: Tls
    authority_key: str
    auth_codes: dict[str, AuthCode]
    seed: str
    peer_secret: str = ""


NodeConfig = ApplianceConfig | CloudConfig
"""Decoded by its ``type`` tag."""
