"""A lab as files that other tools read: OpenSSH's, Ansible's, Prometheus's. Made from the plan alone."""

from pathlib import Path
from typing import Any, Final

import msgspec

from leaselab.appliance.config import ApplianceConfig, CloudConfig
from leaselab.testbed.console_driver import USER
from leaselab.testbed.errors import CallError
from leaselab.testbed.topology.plan import NodePlan, Plan

SSH_CONFIG: Final = "ssh_config"
KNOWN_HOSTS: Final = "known_hosts"
ANSIBLE: Final = "ansible.yml"
PROMETHEUS: Final = "prometheus.json"

KINDS: Final = ("ssh", "ansible", "prometheus")


def known_hosts(plan: Plan) -> str:
    """Return a line for each console: the node's name, under which ssh_config looks its host key up, and the key."""
    from leaselab.testbed.topology.credentials import public_half

    consoles = [node.config for node in plan.nodes if isinstance(node.config, ApplianceConfig)]
    return "".join(f"{config.name} {public_half(config.ssh.host_key)}\n" for config in consoles)


def ssh_config(plan: Plan, *, identity: Path, known: Path) -> str:
    """Return a configuration with which ``ssh -F FILE NODE`` is on that node's console.

    Args:
        plan: of the lab.
        identity: file of the private key that opens the consoles.
        known: file with the text of :func:`known_hosts`.
    """
    hosts = [_ssh_host(node.config) for node in plan.nodes if isinstance(node.config, ApplianceConfig)]
    common = (
        "Host *\n"
        f"    User {USER}\n"
        f'    IdentityFile "{identity}"\n'
        "    IdentitiesOnly yes\n"
        f'    UserKnownHostsFile "{known}"\n'
        "    GlobalKnownHostsFile none\n"
        "    StrictHostKeyChecking yes\n"
    )
    return f"# The consoles of lab {plan.lab}: ssh -F THIS-FILE NODE\n\n" + "\n".join([*hosts, common])


def ansible(plan: Plan, *, folder: Path) -> dict[str, Any]:
    """Return an inventory of Ansible's ``yaml`` plugin, which reads it as YAML or JSON.

    A group for each kind of node, one for license servers and one for gateways; what a playbook needs to know of a
    node is in its variables.

    Args:
        plan: of the lab.
        folder: with the console's private key, the known hosts and the lab's certificate authority.
    """
    groups: dict[str, dict[str, Any]] = {}
    for node in plan.nodes:
        for group in _groups(node):
            groups.setdefault(group, {"hosts": {}})["hosts"][node.name] = {}
    hosts = {node.name: _ansible_host(node, folder) for node in plan.nodes}
    return {"all": {"vars": {"leaselab_lab": plan.lab}, "hosts": hosts, "children": groups}}


def files(plan: Plan, kind: str, *, keys: Path, folder: Path | None = None) -> dict[str, str]:
    """Return the files of one of the :data:`KINDS` by name, the main one first.

    Args:
        plan: of the lab.
        kind: for which tool.
        keys: the lab's folder of keys, which has known hosts as well.
        folder: where the files are going to be, if anywhere.

    Raises:
        CallError: there is no such kind.
    """
    match kind:
        case "ssh":
            known = (folder or keys) / KNOWN_HOSTS
            return {
                SSH_CONFIG: ssh_config(plan, identity=keys / "id_ed25519", known=known),
                KNOWN_HOSTS: known_hosts(plan),
            }
        case "ansible":
            return {ANSIBLE: msgspec.yaml.encode(ansible(plan, folder=keys)).decode()}
        case "prometheus":
            from leaselab.testbed.prometheus.targets import targets

            return {PROMETHEUS: msgspec.json.format(msgspec.json.encode(targets(plan)), indent=2).decode() + "\n"}
        case _:
            raise CallError(f"there is no inventory of kind {kind!r}", hint=f"kinds are {', '.join(KINDS)}")


def _ssh_host(config: ApplianceConfig) -> str:
    return (
        f"Host {config.name}\n"
        f"    HostName {config.addresses['internal']}\n"
        f"    Port {config.ports.ssh}\n"
        f"    HostKeyAlias {config.name}\n"
    )


def _groups(node: NodePlan) -> list[str]:
    config = node.config
    if isinstance(config, CloudConfig):
        return ["clouds"]  # a group must not be called as a host is
    return [config.kind.replace("-", "_"), "gateways" if node.role == "gateway" else "license_servers"]


def _ansible_host(node: NodePlan, folder: Path) -> dict[str, Any]:
    config, address = node.config, node.config.addresses["internal"]
    variables: dict[str, Any] = {
        "ansible_host": address,
        "leaselab_addresses": config.addresses,
        "leaselab_url": f"https://{address}:{config.ports.https}",
        "leaselab_metrics_url": f"http://{address}:{config.ports.metrics}/metrics",
        "leaselab_authority": str(folder / "ca.pem"),
    }
    if isinstance(config, ApplianceConfig):
        known = folder / KNOWN_HOSTS
        variables |= {
            "ansible_port": config.ports.ssh,
            "ansible_user": USER,
            "ansible_ssh_private_key_file": str(folder / "id_ed25519"),
            "ansible_ssh_common_args": f"-o UserKnownHostsFile='{known}' -o HostKeyAlias={config.name}",
            "leaselab_kind": config.kind,
            "leaselab_personality": config.personality,
            "leaselab_release": config.release,
            "leaselab_hardware_id": config.hardware_id,
            "leaselab_serial_number": config.serial_number,
        }
    return variables
