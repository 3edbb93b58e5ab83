"""From a topology to the plan of a lab: addresses, identities, certificates, what is entered where, in which order."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from leaselab.appliance.config import ApplianceConfig, AuthCode, CloudConfig, HostEntry, Ports, Ssh, Tls
from leaselab.appliance.instants import as_datetime, parse_instant
from leaselab.appliance.licensing.commands import (
    AddKeys,
    Allocation,
    DownloadKeys,
    SaveClient,
    SetServer,
    SetServerRole,
)
from leaselab.appliance.licensing.keys import authority_pair, mint_key
from leaselab.appliance.licensing.ledger import DEFAULT_INCREMENTAL_LEASE, DEFAULT_RENEWAL_INTERVAL
from leaselab.appliance.models.platforms import PCS
from leaselab.appliance.models.releases import has_virtual_license_server
from leaselab.testbed.topology import credentials, identities
from leaselab.testbed.topology.plan import ClockPlan, Entry, NodePlan, Plan
from leaselab.testbed.topology.schema import DEFAULT_START, BootNetwork, Client
from leaselab.testbed.topology.topology import CLOUD, INTERNAL, LabNode, Topology

USUAL_PORTS: Final = Ports(ssh=22, https=443, metrics=9100)
UNPRIVILEGED_PORTS: Final = Ports(ssh=2022, https=8443, metrics=9100)
"""Where binding low ports is not allowed."""

NETWORKS: Final = (INTERNAL, "external", "management")
_A_NETWORK: Final = 64
_AN_OCTET: Final = 250


def plan(
    topology: Topology, *, name: str, slot: int, privileged: bool, runtime: str, existing: Plan | None = None
) -> Plan:
    """Plan a lab.

    Args:
        topology: what it should be.
        name: what the lab is called on this machine.
        slot: 1 to 254, its share of the loopback addresses.
        privileged: whether low ports may be bound.
        runtime: ``embedded`` or ``process``.
        existing: the plan it was last brought to. Its secrets, keys and addresses are kept, so that a plan from the
            same topology equals it.
    """
    return _Planner(topology, name=name, slot=slot, privileged=privileged, runtime=runtime, existing=existing).plan()


def address(slot: int, index: int, network: str) -> str:
    """Return the loopback address of a node on a network."""
    third = _A_NETWORK * NETWORKS.index(network) + index // _AN_OCTET
    return f"127.{slot}.{third}.{1 + index % _AN_OCTET}"


class _Planner:
    """The planning of one lab."""

    def __init__(
        self, topology: Topology, *, name: str, slot: int, privileged: bool, runtime: str, existing: Plan | None
    ) -> None:
        self.topology = topology
        self.name = name
        self.slot = slot
        self.ports = USUAL_PORTS if privileged else UNPRIVILEGED_PORTS
        self.runtime = runtime
        self.existing = existing
        self.before = {node.name: node for node in existing.nodes} if existing else {}
        self.seed = identities.lab_seed(topology.name, topology.spec.seed)
        self.secret = existing.secret if existing else credentials.fresh_secret()
        self.authority = credentials.authority(self.secret, name, existing.authority_certificate if existing else None)
        self.private_key, self.public_key = authority_pair(self.seed.encode())
        self.console_line = credentials.public_ssh_key(self.secret, "console")
        self.indices = self._indices()
        self.hosts = {name: entry for node in self._names() for name, entry in self._host_entries(node)}

    def plan(self) -> Plan:
        """Return the whole plan."""
        cloud = () if self.topology.auth_codes is None else (self._cloud(self.topology.auth_codes),)
        return Plan(
            lab=self.name,
            slot=self.slot,
            runtime=self.runtime,
            seed=self.seed,
            clock=self._clock(),
            nodes=(*cloud, *(self._appliance(node) for node in self.topology.nodes)),
            hosts=self.hosts,
            secret=self.secret,
            authority_certificate=self.authority.pem,
            console_key=self.existing.console_key if self.existing else credentials.ssh_key(self.secret, "console"),
        )

    def _clock(self) -> ClockPlan:
        given = self.topology.spec.clock
        if given.mode == "real":
            return ClockPlan(start=None, mode="real", rate=1.0)
        start = parse_instant(DEFAULT_START) if given.start is None else given.start
        return ClockPlan(start=start, mode="virtual", rate=given.rate)

    # --- where everything is -----------------------------------------------------------------------------------------

    def _names(self) -> list[str]:
        cloud = [] if self.topology.auth_codes is None else [CLOUD]
        return cloud + [node.name for node in self.topology.nodes]

    def _indices(self) -> dict[str, int]:
        """Number the nodes in order; one that is there already keeps its number, so others do not have to restart."""
        names = self._names()
        indices = {name: self.before[name].index for name in names if name in self.before}
        taken = {0, *indices.values()}
        free = (index for index in range(1, len(names) + len(taken) + 1) if index not in taken)
        return {CLOUD: 0} | indices | {name: next(free) for name in names if name not in {CLOUD, *indices}}

    def _addresses(self, name: str) -> dict[str, str]:
        node = self.topology.find(name)
        networks = self.topology.networks_of(node) if node else (INTERNAL,)
        return {network: address(self.slot, self.indices[name], network) for network in networks}

    def _host_entries(self, name: str) -> Iterator[tuple[str, HostEntry]]:
        entry = HostEntry(addresses=self._addresses(name), https_port=self.ports.https)
        yield name, entry
        node = self.topology.find(name)
        if node and node.spec.hostname and node.spec.hostname not in self.indices:
            yield node.spec.hostname, entry

    def _tls(self, name: str, hostname: str = "") -> Tls:
        addresses = self._addresses(name)
        before = self.before.get(name)
        if before and before.config.addresses == addresses and getattr(before.config, "hostname", "") == hostname:
            return before.config.tls
        names = [name, hostname] if hostname else [name]
        return credentials.tls(self.secret, name, names=names, addresses=addresses.values(), signed_by=self.authority)

    def _ssh(self, node: LabNode) -> Ssh:
        before = self.before.get(node.name)
        kept = before.config.ssh.host_key if before and isinstance(before.config, ApplianceConfig) else None
        return Ssh(
            host_key=kept or credentials.ssh_key(self.secret, "host", node.name),
            authorized_keys=(self.console_line,),
            users=dict(node.spec.console.users) if node.spec.console else {},
        )

    # --- what everything is told -------------------------------------------------------------------------------------

    def _cloud(self, auth_codes: dict[str, AuthCode]) -> NodePlan:
        config = CloudConfig(
            name=CLOUD,
            addresses=self._addresses(CLOUD),
            ports=self.ports,
            hosts=self.hosts,
            tls=self._tls(CLOUD),
            authority_key=self.private_key.hex(),
            auth_codes=auth_codes,
            seed=identities.node_seed(self.seed, CLOUD),
        )
        return NodePlan(name=CLOUD, index=0, config=config)

    def _appliance(self, node: LabNode) -> NodePlan:
        spec = node.spec
        addresses = self._addresses(node.name)
        boot = _boot_answers(node, addresses[INTERNAL])
        config = ApplianceConfig(
            name=node.name,
            kind=spec.kind or "",
            personality=node.personality,
            release=str(node.release(self.topology.spec.release)),
            hardware_id=identities.hardware_id(self.seed, node.name),
            serial_number=identities.serial_number(self.seed, node.name),
            addresses=addresses,
            ports=self.ports,
            hosts=self.hosts,
            tls=self._tls(node.name, spec.hostname or ""),
            ssh=self._ssh(node),
            authority_key=self.public_key.hex(),
            user_password=credentials.password(self.secret, "users", node.name),
            seed=identities.node_seed(self.seed, node.name),
            hostname=spec.hostname or "",
            cloud="" if self.topology.auth_codes is None else CLOUD,
            boot=boot,
            maximum_users=spec.maximum_users,
            time_zone=spec.time_zone or "UTC",
        )
        return NodePlan(
            name=node.name,
            index=self.indices[node.name],
            config=config,
            provision=tuple(self._provision(node, config)),
            after=tuple(self._after(node)),
            users=spec.users or 0,
            attended=self._is_attended(node, boot),
        )

    def _is_attended(self, node: LabNode, boot: Mapping[str, str]) -> bool:
        wanted = set(_PROMPTS)
        release = node.release(self.topology.spec.release)
        if node.platform and node.platform.virtual and has_virtual_license_server(release, node.personality):
            wanted.add("virtual-license-server")
        return boot.get("accept-license") != "y" or not wanted <= boot.keys()

    def _after(self, node: LabNode) -> Iterator[str]:
        if self.topology.auth_codes is not None:
            yield CLOUD
        if node.spec.license_client and node.spec.license_client.server:
            yield node.spec.license_client.server

    # --- what is entered ---------------------------------------------------------------------------------------------

    def _provision(self, node: LabNode, config: ApplianceConfig) -> Iterator[Entry]:
        if keys := tuple(self._keys(node, config)):
            yield AddKeys(keys=keys)
        for code in node.spec.auth_codes or []:
            yield DownloadKeys(code=code)
        yield from self._server(node)
        client = node.spec.license_client
        if client is not None:
            server = self.topology.find(client.server)
            records = server.spec.license_server.clients if server and server.spec.license_server else {}
            password = client.password or records[client.id or ""].password
            yield SetServer(
                server=client.server or "",
                client_id=client.id or "",
                password=password,
                password_again=password,
                preferred_network=client.preferred_network,
                verify_certificate=client.verify_certificate,
            )

    def _keys(self, node: LabNode, config: ApplianceConfig) -> Iterator[str]:
        seen: Counter[tuple[str, date | None]] = Counter()
        for entry in node.spec.licenses or []:
            sku = entry.sku.strip().upper()
            starts_on = None if entry.starts is None else as_datetime(entry.starts).date()
            serial = identities.license_serial(self.seed, node.name, sku, str(starts_on or ""), seen[sku, starts_on])
            seen[sku, starts_on] += 1
            yield mint_key(sku, config.hardware_id, serial, starts_on, None, self.private_key)

    def _server(self, node: LabNode) -> Iterator[Entry]:
        server = node.spec.license_server
        if server is None:
            return
        yield SetServerRole(
            enabled=None if node.boots_as_license_server else True,  # what boots so needs no check box (PLT-05)
            incremental_lease=server.incremental_lease or DEFAULT_INCREMENTAL_LEASE,
            renewal_interval=server.renewal_interval or DEFAULT_RENEWAL_INTERVAL,
        )
        for identifier, client in server.clients.items():
            yield self._client(identifier, client)

    def _client(self, identifier: str, client: Client) -> SaveClient:
        gateway = self.topology.find(client.node)
        return SaveClient(
            id=identifier,
            password=client.password,
            password_again=client.password,
            platform=client.platform or (gateway.spec.kind if gateway else "") or "",
            product=client.product or (gateway.personality if gateway else PCS),
            allocations={
                feature: Allocation(reserved=each.reserved, increment=each.increment, maximum=each.maximum)
                for feature, each in client.features.items()
            },
            expires_at=client.expires,
        )


_PROMPTS: Final = (
    "proceed",
    "accept-license",
    "network",
    "dns",
    "wins",
    "admin-name",
    "admin-password",
    "certificate-common-name",
    "certificate-organization",
    "random-text",
)
"""What first boot asks of every device; a virtual one may ask for its mode too."""


def _boot_answers(node: LabNode, own_address: str) -> dict[str, str]:
    """Return the answers given ahead (CON-04). Without a ``boot`` section every prompt is left to the console."""
    boot = node.spec.boot
    if boot is None:
        return {}
    answers = {"proceed": "y"}
    if boot.accept_license is not None:
        answers["accept-license"] = "y" if boot.accept_license else "n"
    if boot.virtual_license_server is not None:
        answers["virtual-license-server"] = "y" if boot.virtual_license_server else "n"
    if boot.admin is not None:
        answers |= {"admin-name": boot.admin.name, "admin-password": boot.admin.password}
    if "network" not in boot.ask:
        answers |= _network_answers(node, own_address)
    if "certificate" not in boot.ask:
        given = boot.certificate
        answers |= {
            "certificate-common-name": (given and given.common_name) or node.spec.hostname or node.name,
            "certificate-organization": given.organization if given else "Leaselab",
            "random-text": "the device has better randomness",
        }
    return answers


def _network_answers(node: LabNode, own_address: str) -> dict[str, str]:
    given = (node.spec.boot and node.spec.boot.network) or BootNetwork()
    dns = [*given.dns, *["-"] * (2 - len(given.dns)), *given.domains] if given.dns or given.domains else ["-"]
    return {
        "network": " ".join(filter(None, (own_address, given.netmask, given.gateway))),
        "dns": " ".join(dns),
        "wins": given.wins or "-",
    }
