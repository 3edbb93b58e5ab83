"""From a topology to the plan of a lab on this machine: addresses, credentials, what is entered, and in which order."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from leaselab.appliance.config import (
    NO_FAULTS,
    ApplianceConfig,
    AuthCode,
    CloudConfig,
    ConsoleFaults,
    HostEntry,
    Ports,
    Ssh,
    SyslogReceiver,
)
from leaselab.appliance.instants import as_datetime
from leaselab.appliance.licensing.commands import (
    AddKeys,
    Allocation,
    DownloadKeys,
    JoinCluster,
    SaveClient,
    SetDownloads,
    SetServer,
    SetServerRole,
)
from leaselab.testbed.topology import checklist, faults
from leaselab.testbed.topology.credentials import Credentials
from leaselab.testbed.topology.identities import Identities
from leaselab.testbed.topology.plan import (
    Burst,
    ClockPlan,
    Container,
    Entry,
    Load,
    NodePlan,
    OfficeHours,
    Plan,
    Published,
)
from leaselab.testbed.topology.schema import Console, LicenseServer
from leaselab.testbed.topology.topology import CLOUD, INTERNAL, LabNode, Topology

NETWORK_NUMBERS: Final = {"internal": 0, "external": 1, "management": 2}
HOSTS_A_NETWORK: Final = 64 * 250
"""Addresses of one network within a slot."""

LOOPBACK: Final = 127
PRIVATE: Final = 10
"""First octet of the addresses of a lab's containers: they have their own network interfaces, and private addresses."""

CONTAINER_RUNTIMES: Final = ("docker", "swarm")

OWN_ADDRESS_RUNTIMES: Final = ("docker",)
"""Where this machine reaches the containers' own addresses; a swarm's are reached by loopback addresses, as others."""

USUAL_PORTS: Final = Ports(ssh=22, https=443, metrics=9100)
HIGH_PORTS: Final = Ports(ssh=2022, https=8443, metrics=9100)
"""Where ports below 1024 are root's alone. Every node has addresses of its own, so all can have the same ports."""


def address_of(slot: int, network: str, index: int, *, first: int = LOOPBACK) -> str:
    """Return a node's address on a network: 127.S.(64 k + i / 250).(1 + i mod 250), or 10.S… of a container."""
    return f"{first}.{slot}.{64 * NETWORK_NUMBERS[network] + index // 250}.{1 + index % 250}"


def plan(
    topology: Topology,
    *,
    slot: int,
    privileged: bool,
    runtime: str,
    secret: str,
    name: str | None = None,
    existing: Plan | None = None,
) -> Plan:
    """Plan a lab.

    Args:
        topology: what is wanted.
        slot: the lab's share of the loopback addresses, 1 to 254.
        privileged: whether ports below 1024 can be had.
        runtime: what the nodes will run in.
        secret: 32 random bytes as hex, the same for all of a lab's life.
        name: of the lab; the file's own if left out.
        existing: the plan that the lab is at; nodes keep their addresses.
    """
    lab = name or topology.name
    # From the file's own name, whatever the lab is called here: tests side by side must have the same history.
    seed = hashlib.sha256(f"{topology.name}\0{topology.spec.seed or ''}".encode()).hexdigest()[:32]
    ports = USUAL_PORTS if privileged or runtime in OWN_ADDRESS_RUNTIMES else HIGH_PORTS
    planner = _Planner(topology, lab, seed, secret, slot, ports, existing, runtime)
    clock = topology.spec.clock
    return Plan(
        lab=lab,
        slot=slot,
        runtime=runtime,
        seed=seed,
        clock=ClockPlan(start=None if clock.mode == "real" else topology.start, mode=clock.mode, rate=clock.rate),
        nodes=tuple(planner.nodes()),
        faults=tuple(faults.of(topology)),
        checks=tuple(checklist.of(topology)),
        secret=secret,
        authority_certificate=planner.credentials.authority_certificate,
        console_key=existing.console_key if existing is not None else planner.credentials.console_key,
    )


def cloned(node: NodePlan, copy: str, lab: Plan, *, same_identity: bool) -> NodePlan:
    """Return the plan of a virtual machine's clone (VLS-09).

    It is the same in everything but its name and addresses, and its hardware ID unless it keeps that. Its number is
    counted from the other end, where no lab's own nodes come.
    """
    index = HOSTS_A_NETWORK - 1 - node.index
    first = PRIVATE if lab.runtime in CONTAINER_RUNTIMES else LOOPBACK
    addresses = {network: address_of(lab.slot, network, index, first=first) for network in node.config.addresses}
    config = msgspec.structs.replace(node.config, name=copy, addresses=addresses)
    if not same_identity and isinstance(config, ApplianceConfig):
        config = msgspec.structs.replace(config, hardware_id=Identities(lab.seed).hardware_id(copy))
    container = msgspec.structs.replace(node.container, published=())
    return msgspec.structs.replace(
        node, name=copy, index=index, config=config, provision=(), users=0, load=(), container=container
    )


class _Planner:
    """Plans the nodes of one lab."""

    def __init__(
        self,
        topology: Topology,
        lab: str,
        seed: str,
        secret: str,
        slot: int,
        ports: Ports,
        existing: Plan | None,
        runtime: str,
    ) -> None:
        self.credentials = Credentials(lab, secret)
        self._topology = topology
        self._identities = Identities(seed)
        self._slot = slot
        self._ports = ports
        self._first = PRIVATE if runtime in OWN_ADDRESS_RUNTIMES else LOOPBACK
        self._contained = runtime in CONTAINER_RUNTIMES
        self._existing = {node.name: node for node in existing.nodes} if existing is not None else {}
        self._indices = _indices(topology, self._existing)
        self._addresses = {name: dict(self._addresses_of(name)) for name in self._indices}
        self._hosts = {
            name: HostEntry(addresses=addresses, https_port=ports.https) for name, addresses in self._addresses.items()
        }
        self._clusters = {
            member: (cluster, spec) for cluster, spec in topology.spec.clusters.items() for member in spec.nodes
        }

    def nodes(self) -> Iterator[NodePlan]:
        """Yield the cloud, license servers, then the others: the order in which they come up."""
        if self._topology.auth_codes is not None:
            yield NodePlan(name=CLOUD, index=0, config=self._cloud())
        for node in sorted(self._topology.nodes, key=lambda node: not node.is_license_server):
            yield NodePlan(
                name=node.name,
                index=self._indices[node.name],
                config=self._appliance(node),
                provision=tuple(self._provision(node)),
                after=self._after(node),
                users=node.spec.users or 0,
                load=tuple(self._load(node)),
                container=self._container(node),
            )

    def _addresses_of(self, name: str) -> Iterator[tuple[str, str]]:
        node = self._topology.find(name)
        for network in self._topology.networks_of(node) if node is not None else (INTERNAL,):
            yield network, self._address(network, self._indices[name])

    def _address(self, network: str, index: int) -> str:
        return address_of(self._slot, network, index, first=self._first)

    def _container(self, node: LabNode) -> Container:
        """Return how a node's container runs; without containers nothing of that matters."""
        if not self._contained:
            return Container()
        limits, placement, ports = node.spec.limits, node.spec.placement, self._ports
        published = []
        for name, where in (node.spec.publish or {}).items():
            address, _, port = where.rpartition(":")
            published.append(Published(node_port=getattr(ports, name), address=address or "127.0.0.1", port=int(port)))
        return Container(
            cpus=(limits.cpus if limits is not None else None) or 0.0,
            memory_bytes=(limits.memory if limits is not None else None) or 0,
            published=tuple(published),
            labels=placement.labels if placement is not None else {},
            reschedule=placement is None or placement.reschedule is not False,
        )

    def _cloud(self) -> CloudConfig:
        addresses = self._addresses[CLOUD]
        return CloudConfig(
            name=CLOUD,
            addresses=addresses,
            ports=self._ports,
            hosts={},
            tls=self.credentials.tls(CLOUD, names=[CLOUD], addresses=list(addresses.values())),
            authority_key=self._identities.authority_private,
            auth_codes={code: self._made_for(one) for code, one in (self._topology.auth_codes or {}).items()},
            seed=self._identities.node_seed(CLOUD),
            peer_secret=self.credentials.word("peers"),
        )

    def _made_for(self, code: AuthCode) -> AuthCode:
        """Return a code with the hardware ID that its owner has its keys made for, if so."""
        return msgspec.structs.replace(code, hardware_id=self._identities.hardware_id(code.node)) if code.node else code

    def _ssh(self, node: LabNode) -> Ssh:
        """Return who may attach to a node's console: the lab's own key, and whom the file names."""
        wanted = node.spec.console or Console()
        return Ssh(
            host_key=self._host_key(node.name),
            authorized_keys=(self.credentials.console_public_key, *wanted.authorized_keys),
            users=dict(wanted.users),
            faults=NO_FAULTS if wanted.faults is None else ConsoleFaults(**wanted.faults.model_dump()),
        )

    def _appliance(self, node: LabNode) -> ApplianceConfig:
        name, spec = node.name, node.spec
        addresses = self._addresses[name]
        hostname = spec.hostname or name
        return ApplianceConfig(
            name=name,
            kind=spec.kind or "",
            personality=node.personality,
            release=str(node.release(self._topology.spec.release)),
            hardware_id=self._identities.hardware_id(name),
            serial_number=self._identities.serial_number(name),
            addresses=addresses,
            ports=self._ports,
            hosts=self._known_to(node),
            tls=self.credentials.tls(
                name, names=list(dict.fromkeys([name, hostname])), addresses=list(addresses.values())
            ),
            ssh=self._ssh(node),
            authority_key=self._identities.authority_public,
            user_password=spec.user_password or self.credentials.word(f"users/{name}"),
            seed=self._identities.node_seed(name),
            hostname=hostname,
            cloud=CLOUD if self._topology.auth_codes is not None else "",
            boot=self._boot(node, addresses[INTERNAL], hostname),
            peer_secret=self.credentials.word("peers"),
            maximum_users=spec.maximum_users,
            time_zone=spec.time_zone or "UTC",
            syslog=tuple(SyslogReceiver(**each.model_dump()) for each in spec.syslog or ()),
        )

    def _host_key(self, name: str) -> str:
        """Keep the text of a host key that the lab has: OpenSSH's form has random padding, the key is the same."""
        known = self._existing.get(name)
        if known is not None and isinstance(known.config, ApplianceConfig):
            return known.config.ssh.host_key
        return self.credentials.host_key(name)

    def _known_to(self, node: LabNode) -> dict[str, HostEntry]:
        """Return the hosts that a node has business with: the cloud, its server, and its cluster."""
        names = [CLOUD] if self._topology.auth_codes is not None else []
        client = node.spec.license_client
        if client is not None and client.server is not None:
            names.append(client.server)
        if node.name in self._clusters:
            names += [member for member in self._clusters[node.name][1].nodes if member != node.name]
        return {name: self._hosts[name] for name in names}

    def _boot(self, node: LabNode, address: str, hostname: str) -> dict[str, str]:
        """Return the answers to first boot's prompts (CON-04): what the file says, and the lab's own for the rest."""
        boot = node.spec.boot
        answers = {"proceed": "y", "random-text": "leaselab"}
        asked = boot.ask if boot is not None else []
        if "network" not in asked:
            network = boot.network if boot is not None else None
            netmask = network.netmask if network is not None else "255.255.0.0"
            gateway = network.gateway if network is not None else None
            dns = (network.dns if network is not None else []) or [self._address(INTERNAL, 0)]
            domains = network.domains if network is not None else []
            answers["network"] = f"{address} {netmask} {gateway or ''}".strip()
            answers["dns"] = " ".join([*dns, *(["-"] if len(dns) == 1 and domains else []), *domains])
            answers["wins"] = (network.wins if network is not None else None) or "-"
        if "certificate" not in asked:
            certificate = boot.certificate if boot is not None else None
            answers["certificate-common-name"] = (certificate.common_name if certificate else None) or hostname
            answers["certificate-organization"] = certificate.organization if certificate else "Leaselab"
        if boot is None:
            return answers
        if boot.accept_license is not None:
            answers["accept-license"] = "y" if boot.accept_license else "n"
        if boot.virtual_license_server is not None:
            answers["virtual-license-server"] = "y" if boot.virtual_license_server else "n"
        if boot.factory_image is not None:
            answers["factory-image"] = boot.factory_image
        if boot.admin is not None:
            answers |= {"admin-name": boot.admin.name, "admin-password": boot.admin.password}
        return answers

    def _provision(self, node: LabNode) -> Iterator[Entry]:
        """Yield what an admin would enter after first boot, in the order of SRV-01."""
        spec = node.spec
        keys = tuple(self._keys(node))
        if keys:
            yield AddKeys(keys=keys)
        for code in spec.auth_codes or []:
            yield DownloadKeys(code=code)
        if spec.automatic_download is not None:
            yield SetDownloads(enabled=spec.automatic_download)
        if spec.license_server is not None:
            yield from self._serving(spec.license_server)
        client = spec.license_client
        if client is not None and client.server is not None and client.id is not None:
            password = client.password or self._password_of(client.server, client.id)
            yield SetServer(
                server=client.server,
                client_id=client.id,
                password=password,
                password_again=password,
                preferred_network=client.preferred_network,
                verify_certificate=client.verify_certificate,
            )
        if node.name in self._clusters:
            cluster, cluster_spec = self._clusters[node.name]
            yield JoinCluster(name=cluster, members=tuple(cluster_spec.nodes), heartbeat=cluster_spec.heartbeat or 0)

    def _keys(self, node: LabNode) -> Iterator[str]:
        """Mint the keys of the licenses given directly; a key stays the same when others are put before it."""
        seen: Counter[str] = Counter()
        for one in node.spec.licenses or []:
            starts_on = as_datetime(one.starts).date() if one.starts is not None else None
            what = f"{one.sku.upper()} {starts_on or ''}"
            seen[what] += 1
            yield self._identities.license_key(node.name, one.sku, f"{what}{seen[what]}", starts_on=starts_on)

    def _serving(self, server: LicenseServer) -> Iterator[Entry]:
        yield SetServerRole(
            enabled=True, incremental_lease=server.incremental_lease, renewal_interval=server.renewal_interval
        )
        for client_id, client in server.clients.items():
            gateway = self._topology.find(client.node)
            yield SaveClient(
                id=client_id,
                password=client.password,
                password_again=client.password,
                platform=client.platform or (gateway.spec.kind if gateway is not None else None) or "",
                product=client.product or (gateway.personality if gateway is not None else "pcs"),
                allocations={
                    feature: Allocation(reserved=one.reserved, increment=one.increment, maximum=one.maximum)
                    for feature, one in client.features.items()
                },
                expires_at=client.expires,
            )

    def _load(self, node: LabNode) -> Iterator[Load]:
        """Yield what brings users to a gateway."""
        for one in self._topology.loads_of(node):
            hours, burst = one.office_hours, one.burst
            if hours is not None:
                time_zone = hours.time_zone or node.spec.time_zone or "UTC"
                yield OfficeHours(feature=one.feature, peak=hours.peak, base=hours.base, time_zone=time_zone)
            if burst is not None:
                yield Burst(feature=one.feature, at=burst.at, users=burst.users, lasts=burst.lasts)

    def _password_of(self, server: str, client_id: str) -> str:
        """Return the password of a client's record; the file was checked, so there is one."""
        node = self._topology.find(server)
        serving = node.spec.license_server if node is not None else None
        return serving.clients[client_id].password if serving is not None else ""

    def _after(self, node: LabNode) -> tuple[str, ...]:
        """Return who must be there before a node is provisioned: whoever it will talk to."""
        names = [CLOUD] if self._topology.auth_codes is not None else []
        client = node.spec.license_client
        if client is not None and client.server is not None:
            names.append(client.server)
        return tuple(names)


def _indices(topology: Topology, existing: Mapping[str, NodePlan]) -> dict[str, int]:
    """Number the nodes: those that the lab has keep their number, new ones take the lowest that is free."""
    kept = {node.name: existing[node.name].index for node in topology.nodes if node.name in existing}
    taken = set(kept.values()) | {0}
    free = (number for number in range(1, HOSTS_A_NETWORK) if number not in taken)
    numbers = {CLOUD: 0} if topology.auth_codes is not None else {}
    for node in topology.nodes:
        numbers[node.name] = kept[node.name] if node.name in kept else next(free)
    return numbers
