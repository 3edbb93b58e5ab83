"""The lab as other tools' files, read back as those tools would."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leaselab.testbed.bringup import dry_run
from leaselab.testbed.errors import CallError
from leaselab.testbed.inventory import ansible, files
from leaselab.testbed.prometheus.targets import targets
from leaselab.testbed.topology.plan import Plan

QUICKSTART = Path(__file__).parents[3] / "topologies" / "quickstart.yml"
KEYS = Path("/labs/my lab/keys")


@pytest.fixture(scope="module")
def plan() -> Plan:
    return dry_run(QUICKSTART, name=None, runtime="embedded", variables={})[0]


def test_ssh_has_a_host_and_a_known_key_for_each_console_and_none_for_the_cloud(plan: Plan) -> None:
    written = files(plan, "ssh", keys=KEYS)

    hosts = [line.split()[1] for line in written["ssh_config"].splitlines() if line.startswith("Host ")]
    known = dict(line.split(" ", 1) for line in written["known_hosts"].splitlines())
    assert hosts == ["vls1", "gw1", "gw2", "nac1", "*"]
    assert list(known) == ["vls1", "gw1", "gw2", "nac1"]
    assert len(set(known.values())) == 4
    assert all(key.startswith("ssh-ed25519 ") for key in known.values())
    assert '    IdentityFile "/labs/my lab/keys/id_ed25519"\n' in written["ssh_config"]


def test_written_files_name_each_other(plan: Plan) -> None:
    written = files(plan, "ssh", keys=KEYS, folder=Path("/elsewhere"))

    assert '    UserKnownHostsFile "/elsewhere/known_hosts"\n' in written["ssh_config"]


def test_no_inventory_holds_a_private_key(plan: Plan) -> None:
    for tool in ("ssh", "ansible", "prometheus"):
        for text in files(plan, tool, keys=KEYS).values():
            assert "PRIVATE KEY" not in text
            assert plan.secret not in text


def test_an_unknown_kind_is_refused_with_those_there_are(plan: Plan) -> None:
    with pytest.raises(CallError, match="no inventory of kind 'chef'") as refused:
        files(plan, "chef", keys=KEYS)

    assert refused.value.hint == "kinds are ssh, ansible, prometheus"


def test_ansible_reads_groups_by_kind_and_role_and_each_nodes_variables(plan: Plan) -> None:
    read: Any = msgspec.yaml.decode(files(plan, "ansible", keys=KEYS)["ansible.yml"])

    everything = read["all"]
    assert set(everything) == {"vars", "hosts", "children"}
    groups = {name: list(group["hosts"]) for name, group in everything["children"].items()}
    assert groups["license_servers"] == ["vls1"]
    assert groups["gateways"] == ["gw1", "gw2", "nac1"]
    assert groups["va_spe"] == ["vls1", "gw2"]
    assert all(name.isidentifier() for name in groups)
    assert not set(groups) & set(everything["hosts"]), "Ansible warns of a group that is called as a host is"
    gateway = everything["hosts"]["gw1"]
    config: Any = plan.node("gw1").config
    assert (gateway["ansible_host"], gateway["ansible_port"]) == (config.addresses["internal"], config.ports.ssh)
    assert gateway["leaselab_hardware_id"] == config.hardware_id
    assert "ansible_port" not in everything["hosts"]["cloud"]


def test_ansible_reads_the_same_as_json(plan: Plan) -> None:
    assert json.loads(json.dumps(ansible(plan, folder=KEYS))) == msgspec.yaml.decode(
        files(plan, "ansible", keys=KEYS)["ansible.yml"]
    )


def test_prometheus_has_the_targets_that_the_monitor_scrapes_as_well(plan: Plan) -> None:
    written = json.loads(files(plan, "prometheus", keys=KEYS)["prometheus.json"])

    assert written == targets(plan)
    assert [target["labels"].get("node", plan.lab) for target in written] == [
        *(node.name for node in plan.nodes),
        "quickstart",
    ]
