"""The topology file's models: what may stand where, with the descriptions that editors show.

A field of a node may come from ``defaults``, its kind or its group as well, so fields are optional here, and what a
node lacks once they are put together is found by :mod:`checks`. Cross references are checked there too.
"""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from leaselab.testbed.topology.fieldtypes import (
    AuthCodeText,
    ClientId,
    CloneIdentity,
    Comparison,
    Copies,
    DurationField,
    FaultKind,
    Feature,
    GroupName,
    HostName,
    InstantField,
    Kind,
    LabName,
    Limit,
    MachineLabel,
    Memory,
    NodeName,
    Personality,
    PublicKey,
    Published,
    ReleaseText,
    SignedDurationField,
    Text,
    Units,
)

DEFAULT_RELEASE: Final = "8.3R1"
DEFAULT_START: Final = "2018-01-01T00:00:00Z"
"""In the past, lest a monitoring system take the lab's time for the future; the same always, so that runs replay."""


class Section(BaseModel):
    """What all models share: kebab-case keys, nothing unknown, no conversions that an editor would not make."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        alias_generator=lambda name: name.replace("_", "-"),
    )


class Clock(Section):
    """The lab's clock."""

    start: InstantField | None = Field(None, description=f"Where it begins. Default: {DEFAULT_START}.")
    mode: Literal["virtual", "real"] = Field(
        "virtual", description="`virtual` stands still unless it is advanced or given a rate; `real` is the present."
    )
    rate: float = Field(0.0, ge=0, le=1_000_000, description="Lab seconds a wall second; 0 stands still.")


class AuthCode(Section):
    """What an authentication code entitles to (DLD-04)."""

    licenses: list[Text] = Field(min_length=1, description="SKUs; a key is made for each when the code is claimed.")
    starts: InstantField | None = Field(None, description="First day of their terms. Default: the day of the claim.")
    node: NodeName | None = Field(
        None, description="Whose keys its owner makes at the vendor's portal: they come with its next query (DLD-01)."
    )
    made: InstantField | None = Field(None, description="When they are made. Default: before the lab starts.")
    count: Copies | None = Field(None, description="Make this many codes; the code then has {n} in it.")


class Cloud(Section):
    """The vendor's side: download center and cloud licensing service. It is the node `cloud`."""

    auth_codes: dict[AuthCodeText, AuthCode] = Field(
        {}, description="Authentication codes: four groups of four letters or digits, joined by hyphens."
    )


class Admin(Section):
    """The administrator made at first boot."""

    name: Text = Field(description="Sign-in name.")
    password: Text = Field(description="At least six characters.")


class BootNetwork(Section):
    """Answers to the network prompts. The address is the lab's to give."""

    netmask: Text = Field("255.255.0.0", description="Network mask.")
    gateway: Text | None = Field(None, description="Default gateway.")
    dns: list[Text] = Field([], max_length=2, description="Primary and secondary DNS server.")
    domains: list[Text] = Field([], description="DNS domains.")
    wins: Text | None = Field(None, description="WINS server.")


class BootCertificate(Section):
    """Answers to the certificate prompts."""

    common_name: Text | None = Field(None, description="Default: the node's host name.")
    organization: Text = Field("Leaselab", description="Organization name.")


class Boot(Section):
    """Answers to the prompts of first boot, given ahead (CON-04). What is left out is asked on the console.

    Welcome, network and certificate prompts are answered by the lab unless `ask` says otherwise.
    """

    accept_license: bool | None = Field(None, description="Accept the license agreement; `false` halts the device.")
    virtual_license_server: bool | None = Field(
        None, description="Asked on virtual appliances from 8.3R1 on: boot as Virtual License Server (VLS-01)."
    )
    factory_image: Personality | None = Field(
        None, description="Which image a MAG starts from after a factory reset at its console."
    )
    admin: Admin | None = Field(None, description="The first administrator.")
    network: BootNetwork | None = Field(None, description="Network settings beside the address.")
    certificate: BootCertificate | None = Field(None, description="The self-signed web certificate.")
    ask: list[Literal["network", "certificate"]] = Field(
        [], description="Prompts to leave to the console though the lab could answer them."
    )


class License(Section):
    """A license key to be minted for the node."""

    sku: Text = Field(description="For example CONSEC-1000U-1YR.")
    starts: InstantField | None = Field(None, description="First day of its term. Default: the day it is entered.")

    @model_validator(mode="before")
    @classmethod
    def _sku_alone(cls, value: Any) -> Any:
        return {"sku": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Say that the SKU alone will do."""
        described = handler.resolve_ref_schema(handler(core_schema))
        return {"anyOf": [{"type": "string"}, described]}


class Allocation(Section):
    """What the server lets one client have of one feature: reserved ≤ maximum (SRV-04)."""

    reserved: Units = Field(0, description="Set aside for the client, leased for ten days at a time.")
    increment: Units = Field(0, description="Granted at once when the client needs more.")
    maximum: Units = Field(0, description="The most the client can hold.")


class Client(Section):
    """A client record on a license server (SRV-03)."""

    node: NodeName | None = Field(None, description="The gateway it is for; gives platform and product.")
    platform: Kind | None = Field(None, description="Default: the node's kind.")
    product: Personality | None = Field(None, description="Default: the node's personality.")
    password: Text = Field(description="What the client proves itself with.")
    expires: InstantField | None = Field(None, description="Expiration date of the client's configuration.")
    features: dict[Feature, Allocation] = Field(min_length=1, description="Counts by feature.")
    count: Copies | None = Field(None, description="Make this many records; the ID then has {n} in it.")


class LicenseServer(Section):
    """The node leases licenses to others (SRV-01)."""

    incremental_lease: DurationField | None = Field(None, description="24h to 10d (SRV-02). Default: 24h.")
    renewal_interval: DurationField | None = Field(
        None, description="1h to half the incremental lease (SRV-02). Default: 6h."
    )
    clients: dict[ClientId, Client] = Field({}, description="Client records by ID: letters and digits.")


class LicenseClient(Section):
    """The node leases licenses from a server (CLT-01)."""

    server: NodeName | None = Field(None, description="The node that is the license server.")
    id: ClientId | None = Field(None, description="Client ID; the server has a record of it.")
    password: Text | None = Field(None, description="Default: that of the server's record.")
    preferred_network: Literal["internal", "external", "management"] = Field(
        "internal", description="Used if the node is on it, otherwise the internal one (CLT-02)."
    )
    verify_certificate: bool = Field(True, description="Refuse a server whose certificate does not stand up (CLT-03).")


class ConsoleFaults(Section):
    """What goes wrong on the way from the serial line to those who look at it, to test console drivers."""

    lost_prompts: int = Field(0, ge=0, le=1_000, description="So many of the next prompts are never shown.")
    split_bytes: bool = Field(False, description="Output comes byte by byte.")
    banner_delay_milliseconds: int = Field(0, ge=0, le=60_000, description="A newcomer sees the screen that late.")
    echo_delay_milliseconds: int = Field(0, ge=0, le=60_000, description="Everything shows that late.")


class Console(Section):
    """Who may attach to the serial console beside the lab's own key, and what goes wrong on it."""

    users: dict[Text, Text] = Field({}, description="Passwords by user name.")
    authorized_keys: list[PublicKey] = Field([], description="SSH public keys that open the console as well.")
    faults: ConsoleFaults | None = Field(None, description="What goes wrong on the line.")


class Syslog(Section):
    """A receiver that each line of a node's log is sent to as well."""

    host: Text = Field(description="Its address or name, as this machine knows it.")
    port: int = Field(514, ge=1, le=65535, description="Its port.")
    protocol: Literal["udp", "tcp"] = Field("udp", description="`udp`: a datagram a line; `tcp`: lines.")


class Limits(Section):
    """What a node's container may take of its machine; runtimes without containers leave it alone."""

    cpus: float | None = Field(None, gt=0, le=1_024, description="Processors, for example 0.5.")
    memory: Memory | None = Field(None, description="For example 96MiB; the node is killed when it takes more.")


class Placement(Section):
    """Which of a swarm's machines a node runs on; other runtimes have only one."""

    labels: dict[MachineLabel, MachineLabel] = Field({}, description="Labels that the machine must have.")
    reschedule: bool | None = Field(
        None, description="Start it on another machine when its own is lost. Default: true; false leaves it off."
    )


class Settings(Section):
    """What a node can be told, by itself, its group, its kind or the lab's defaults; the nearest wins.

    Mappings are put together field by field; lists and scalars are replaced; `null` takes an inherited value back.
    """

    personality: Personality | None = Field(None, description="Connect Secure or Policy Secure. Default: pcs.")
    release: ReleaseText | None = Field(
        None, description="Software release. Default: the lab's; PPS nodes get the release that goes with it (PLT-03)."
    )
    hostname: HostName | None = Field(None, description="Default: the node's name.")
    boot: Boot | None = Field(None, description="Answers to the prompts of first boot.")
    auth_codes: list[AuthCodeText] | None = Field(
        None, description="Entered after first boot, as an admin would on Download Licenses (DLD-02)."
    )
    licenses: list[License] | None = Field(None, description="SKUs; keys are minted for the node and entered.")
    automatic_download: bool | None = Field(None, description="Ask the download center by the schedule (DLD-01).")
    license_server: LicenseServer | None = Field(None, description="Lease licenses to others.")
    license_client: LicenseClient | None = Field(None, description="Lease licenses from a server.")
    users: Units | None = Field(None, description="End users to sign in once the lab is up.")
    user_password: Text | None = Field(
        None, description="What every end user of the node signs in with. Default: a secret of the lab's own."
    )
    maximum_users: Limit | None = Field(None, description="Overrides the platform's maximum of concurrent users.")
    time_zone: Text | None = Field(None, description="Of the device, for example Europe/Vienna. Default: UTC.")
    console: Console | None = Field(
        None, description="Who may attach to the serial console, and what goes wrong on it."
    )
    syslog: list[Syslog] | None = Field(None, description="Who is sent each line of its log as well.")
    limits: Limits | None = Field(None, description="What its container may take of its machine.")
    placement: Placement | None = Field(None, description="Which of a swarm's machines it runs on.")
    publish: dict[Literal["ssh", "https", "metrics"], Published] | None = Field(
        None,
        description="Ports of this machine that lead to the node's container: PORT on 127.0.0.1, or ADDRESS:PORT.",
    )


class GroupSettings(Settings):
    """What the nodes of a group have in common."""

    kind: Kind | None = Field(None, description="Platform of the group's nodes.")


class Defaults(GroupSettings):
    """What all nodes have in common."""

    group: GroupName | None = Field(None, description="Group of the nodes that name none.")


class Node(Defaults):
    """One appliance, or `count` of them."""

    count: Copies | None = Field(
        None, description="Make this many. {n} in the node's name and texts is the number, {n:02} with two digits."
    )


class Network(Section):
    """A network beside the internal one, which every node is on."""

    nodes: list[Text] | None = Field(
        None, description="Names or patterns (gw*) of nodes on it. Default: every node that has a port for it."
    )


class Cluster(Section):
    """Gateways that share licenses and speak to their server through one of them (CLU)."""

    nodes: list[NodeName] = Field(min_length=2, description="Its nodes in the order of leadership.")
    heartbeat: DurationField | None = Field(None, description="10s to 30m between beats. Default: 5m.")


class Internal(Section):
    """The network that every node is on."""


class Networks(Section):
    """Which networks there are beside the internal one, and which node is on which."""

    internal: Internal | None = Field(None, description="Every node is on it.")
    external: Network | None = Field(None, description="For the external port.")
    management: Network | None = Field(None, description="For the management port.")


class OfficeHours(Section):
    """Users that come to work in the morning and leave in the evening, Monday to Friday."""

    peak: Units = Field(description="The most users of a day, before noon and after lunch.")
    base: Units = Field(0, description="Users at night and at the weekend.")
    time_zone: Text | None = Field(None, description="Whose morning it is. Default: the node's.")


class Burst(Section):
    """Users that come all at once and leave all at once."""

    at: InstantField = Field(description="When they come.")
    users: Units = Field(description="How many.")
    lasts: DurationField = Field(alias="for", description="How long they stay.")


class Load(Section):
    """Users of some gateways over time; what several loads bring to a gateway adds up."""

    nodes: list[Text] | None = Field(
        None, description="Names or patterns (gw*) of gateways. Default: the group's, or every gateway."
    )
    group: GroupName | None = Field(None, description="A group of gateways.")
    feature: Feature = Field("concurrent-users", description="What they use.")
    office_hours: OfficeHours | None = Field(None, description="The curve of a working day.")
    burst: Burst | None = Field(None, description="One rush.")


class FaultSpec(Section):
    """Something that goes wrong in the lab once it is up (docs/faults.md)."""

    kind: FaultKind = Field(description="What goes wrong.")
    between: list[NodeName] | None = Field(None, description="The two nodes, if it befalls a link.")
    network: Literal["internal", "external", "management"] | None = Field(
        None, description="All that goes over this network, if it befalls links."
    )
    node: NodeName | None = Field(None, description="The node that it befalls.")
    at: InstantField | None = Field(None, description="When it begins. Default: once the lab is up.")
    after: DurationField | None = Field(None, description="When it begins, counted from the start of the lab's clock.")
    lasts: DurationField | None = Field(None, alias="for", description="How long. Default: until it is cleared.")
    every: DurationField | None = Field(None, description="From one beginning to the next. Default: once.")
    probability: float = Field(1.0, ge=0, le=1, description="That it happens, drawn anew for each time.")
    seed: int = Field(0, description="Of what is drawn.")
    one_way: bool = Field(False, description="`cut`: only from the first node to the second.")
    delay: DurationField | None = Field(None, description="`delay`, `slow`: how much later.")
    loss: float | None = Field(None, ge=0, le=1, description="`loss`: the part of the messages that is lost.")
    bytes_per_second: Limit | None = Field(None, description="`throttle`: what gets through.")
    skew: SignedDurationField | None = Field(None, description="`skew`: how far ahead; -5m for one that is behind.")
    identity: CloneIdentity | None = Field(
        None, description="`clone`: whose hardware ID it has, the `same` as the original or a `new` one. Default: same."
    )


class CheckLicense(Section):
    """A license of a node by its SKU."""

    node: NodeName = Field(description="The node.")
    sku: Text = Field(description="For example CONSEC-ADD-100U.")


class CheckUpgrade(Section):
    """Another release for a node."""

    node: NodeName = Field(description="The node.")
    release: ReleaseText = Field(description="What it is to run.")


class CheckTyped(Section):
    """What is typed at a node's console; Enter comes at the end."""

    node: NodeName = Field(description="The node.")
    text: str = Field(description="What is typed.")


class ActSpec(Section):
    """One thing that a check does: give exactly one."""

    users: dict[NodeName, Units] | None = Field(None, description="Sign users in or out until so many are on.")
    fault: FaultSpec | None = Field(None, description="Inject a fault (docs/faults.md).")
    clear_faults: Literal[True] | None = Field(None, description="Take every fault back.")
    surrender: CheckLicense | None = Field(None, description="Surrender a client's permanent license (SUR-01).")
    recall: CheckLicense | None = Field(None, description="Recall a license that was surrendered (SUR-03).")
    license: CheckLicense | None = Field(None, description="Mint a key for the node and enter it.")
    pull: NodeName | None = Field(None, description="Pull State from Server on this client (CFG-01).")
    power: dict[NodeName, Literal["start", "stop", "restart", "kill", "reset"]] | None = Field(
        None, description="Switch nodes."
    )
    upgrade: CheckUpgrade | None = Field(None, description="Restart a node with another release (ENF-07).")
    type: CheckTyped | None = Field(None, description="Type at a node's console.")


class ExpectationSpec(Section):
    """What is to hold of a node. Numbers may be comparisons, for example ">= 50"."""

    feature: Feature = Field("concurrent-users", description="What the counts are of.")
    leased: Comparison | None = Field(None, description="Leased by the gateway, or from the server.")
    auto_leased: Comparison | None = Field(None, description="Auto-leased without the server (AUT-05).")
    available: Comparison | None = Field(None, description="What the server can still promise.")
    installed: Comparison | None = Field(None, description="In installed licenses that are active.")
    promised: Comparison | None = Field(None, description="Reserved counts and increments of all clients.")
    limit: Comparison | None = Field(None, description="How many may be on at once (ENF-03).")
    users: Comparison | None = Field(None, description="Users signed in.")
    refused: Comparison | None = Field(None, description="Users that the last `users` of the checks could not sign in.")
    auto_lease: bool | None = Field(None, description="Whether auto-leasing is on (AUT-02).")
    compliant: bool | None = Field(None, description="Whether there is no out-of-compliance notice (ENF-09).")
    contact: Literal["none", "never", "up", "down"] | None = Field(None, description="With the license server.")
    phase: Literal["off", "booting", "wizard", "ready", "halted"] | None = Field(None, description="Of the boot.")
    release: ReleaseText | None = Field(None, description="What it runs.")
    licenses: dict[Text, Text] | None = Field(None, description="The state of a license, by SKU.")
    metrics: dict[Text, Comparison] | None = Field(None, description="The sum of a metric's samples, by sample name.")
    logs: Text | None = Field(None, description="Text in a line that was logged since the checks began.")
    screen: Text | None = Field(None, description="Text on the serial console's recent output.")


class CheckSpec(Section):
    """A step of `leaselab check`: wait, act, look (docs/checks.md)."""

    check: Text = Field(description="What it shows, as a sentence.")
    at: InstantField | None = Field(None, description="Let the lab live until then first.")
    after: DurationField | None = Field(None, description="Let the lab live that long first.")
    within: DurationField | None = Field(None, description="Wait for what is expected, at most that long.")
    do: list[ActSpec] = Field([], description="Acts, in order, once the time has come.")
    expect: dict[NodeName, ExpectationSpec] = Field({}, description="What is to hold then, by node.")


class TopologyFile(Section):
    """A Leaselab topology: a fleet of emulated gateways and license servers on one clock."""

    name: LabName = Field(description="The lab's name: lower-case letters, digits and hyphens.")
    release: ReleaseText = Field(DEFAULT_RELEASE, description="Software release of every node that names none.")
    seed: Text | None = Field(None, description="Another seed, another history: hardware IDs, serials, tokens.")
    clock: Clock = Field(Clock(), description="The lab's clock.")
    cloud: Cloud | None = Field(None, description="The vendor's download center and cloud licensing service.")
    defaults: Defaults | None = Field(None, description="What all nodes have in common.")
    kinds: dict[Kind, Settings] = Field({}, description="What all nodes of a kind have in common.")
    groups: dict[GroupName, GroupSettings] = Field({}, description="What all nodes of a group have in common.")
    networks: Networks | None = Field(None, description="Networks beside the internal one.")
    clusters: dict[GroupName, Cluster] = Field({}, description="Clusters of gateways by name.")
    load: list[Load] = Field([], description="Users over the day.")
    faults: list[FaultSpec] = Field([], description="What goes wrong, and when.")
    checks: list[CheckSpec] = Field([], description="What `leaselab check` does and expects, in order.")
    nodes: dict[NodeName, Node] = Field(min_length=1, description="The appliances, in the order they come up.")


_VARIABLE: Final = {"type": "string", "pattern": r"\$\{"}
_AS_IT_IS: Final = {"propertyNames", "required", "enum"}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a topology file, for editors. A variable may stand for any scalar."""
    schema = TopologyFile.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Leaselab topology",
        **_tidy(schema),
    }


def _tidy(schema: Any) -> Any:
    """Let variables in, and leave out what pydantic adds and no reader needs: titles and defaults that are null."""
    if isinstance(schema, list):
        return [_tidy(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {
        key: value if key in _AS_IT_IS else _tidy_properties(value) if key in {"properties", "$defs"} else _tidy(value)
        for key, value in schema.items()
        if key != "title" and not (key == "default" and value is None)
    }
    if "anyOf" in tidy:
        choices: Any = tidy["anyOf"]
        flat = [inner for each in choices for inner in (each["anyOf"] if each.keys() == {"anyOf"} else [each])]
        tidy["anyOf"] = [each for at, each in enumerate(flat) if each not in flat[:at]]
    elif {"enum", "const", "pattern"} & tidy.keys() or tidy.get("type") in ("integer", "number", "boolean"):
        outer = {key: tidy.pop(key) for key in ("description", "default") if key in tidy}
        return {"anyOf": [tidy, _VARIABLE], **outer}
    return tidy


def _tidy_properties(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: _tidy(schema) for name, schema in properties.items()}
