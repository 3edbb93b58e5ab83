from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaselab.testbed.errors import TopologyError
from leaselab.testbed.topology import expand
from leaselab.testbed.topology.expand import Complaint, fill, overlay
from leaselab.testbed.topology.fieldtypes import MAX_COPIES
from leaselab.testbed.topology.loading import read
from leaselab.testbed.topology.marks import Mark, Value, mapping, parse

HERE = Mark(1, 1)


def problems_of(text: str) -> list[str]:
    with pytest.raises(TopologyError) as caught:
        read(text, file="lab.yml")
    return str(caught.value).splitlines()


def test_the_nearest_of_defaults_kind_group_and_node_wins() -> None:
    lab = read(
        """
name: lab
defaults: {users: 1, time-zone: Europe/Vienna, maximum-users: 1}
kinds: {psa3000: {users: 2, maximum-users: 2}}
groups: {branch: {users: 3, hostname: branch.example}}
nodes:
  a: {kind: psa300}
  b: {kind: psa3000}
  c: {kind: psa3000, group: branch}
  d: {kind: psa3000, group: branch, users: 4}
""",
        file="lab.yml",
    )

    assert [node.spec.users for node in lab.nodes] == [1, 2, 3, 4]
    assert [node.spec.maximum_users for node in lab.nodes] == [1, 2, 2, 2]
    assert {node.spec.time_zone for node in lab.nodes} == {"Europe/Vienna"}


def test_a_group_can_give_the_kind_and_so_what_the_kind_gives() -> None:
    lab = read(
        "name: lab\nkinds: {va-spe: {users: 2}}\ngroups: {g: {kind: va-spe}}\nnodes: {a: {group: g}}\n", file="lab.yml"
    )

    assert (lab.nodes[0].spec.kind, lab.nodes[0].spec.users) == ("va-spe", 2)


def test_mappings_are_put_together_and_lists_replaced() -> None:
    lab = read(
        """
name: lab
defaults: {boot: {accept-license: true, admin: {name: admin, password: admin123}}, licenses: [ACCESS-10U-1YR]}
nodes: {a: {kind: psa300, boot: {admin: {name: root, password: secret123}}, licenses: [ACCESS-25U-1YR]}}
""",
        file="lab.yml",
    )

    spec = lab.nodes[0].spec
    assert spec.boot is not None
    assert spec.boot.admin is not None
    assert (spec.boot.accept_license, spec.boot.admin.name) == (True, "root")
    assert [one.sku for one in spec.licenses or []] == ["ACCESS-25U-1YR"]


def test_null_takes_back_what_is_inherited() -> None:
    lab = read("name: lab\ndefaults: {users: 5}\nnodes: {a: {kind: psa300, users: null}}\n", file="lab.yml")

    assert lab.nodes[0].spec.users is None


def test_count_makes_that_many_with_their_number_in_every_text() -> None:
    lab = read(
        "name: lab\nnodes:\n  gw{n:02}: {count: 3, kind: psa300, hostname: 'gw{n}.example', "
        "console: {users: {'op{n}': 'pw{n}'}}}\n",
        file="lab.yml",
    )

    assert [node.name for node in lab.nodes] == ["gw01", "gw02", "gw03"]
    assert [node.spec.hostname for node in lab.nodes] == ["gw1.example", "gw2.example", "gw3.example"]
    assert [node.spec.console and node.spec.console.users for node in lab.nodes][2] == {"op3": "pw3"}


def test_a_count_inside_a_counted_node_numbers_by_itself() -> None:
    lab = read(
        """
name: lab
nodes:
  ls{n}:
    count: 2
    kind: psa3000
    license-server:
      clients: {"C{n}": {count: 2, platform: psa300, password: "p{n}", features: {concurrent-users: {}}}}
""",
        file="lab.yml",
    )

    servers = [node.spec.license_server for node in lab.nodes]
    assert [list(server.clients) for server in servers if server] == [["C1", "C2"], ["C1", "C2"]]


def test_codes_of_the_cloud_can_be_counted_too() -> None:
    lab = read(
        "name: lab\ncloud: {auth-codes: {'Ab12-Cd34-Ef56-Gh{n:02}': {count: 2, licenses: [ICE]}}}\n"
        "nodes: {a: {kind: psa300}}\n",
        file="lab.yml",
    )

    assert list(lab.auth_codes or {}) == ["Ab12-Cd34-Ef56-Gh01", "Ab12-Cd34-Ef56-Gh02"]


def test_several_nodes_cannot_have_one_name() -> None:
    assert problems_of("name: lab\nnodes: {gw: {count: 3, kind: psa300}}\n") == [
        "lab.yml:2:9: nodes.gw: 3 of them cannot have one name; put {n} into it, for example gw{n}"
    ]


def test_two_entries_cannot_make_the_same_node() -> None:
    assert problems_of("name: lab\nnodes:\n  gw1: {kind: psa300}\n  gw{n}: {count: 2, kind: psa300}\n") == [
        "lab.yml:4:3: nodes.gw{n}: makes gw1, which gw1 makes already"
    ]


def test_an_unknown_group_is_named_with_the_nearest() -> None:
    assert problems_of("name: lab\ngroups: {branch: {}}\nnodes: {a: {kind: psa300, group: brnch}}\n") == [
        "lab.yml:3:34: nodes.a.group: there is no group 'brnch' (did you mean branch?)"
    ]


def test_a_problem_of_all_instances_is_told_once_and_at_its_line() -> None:
    assert problems_of("name: lab\ndefaults:\n  kind: psa30000\nnodes: {'gw{n}': {count: 50}}\n") == [
        "lab.yml:3:9: nodes.gw{n}.kind: there is no kind 'psa30000' (did you mean psa3000?)"
    ]


def test_numbers_have_the_digits_they_are_asked_for() -> None:
    assert (fill("gw{n}", 7), fill("gw{n:03}", 7), fill("gw{m}", 7)) == ("gw7", "gw007", "gw{m}")


def value_of(plain: object) -> Value:
    if isinstance(plain, dict):
        return mapping({key: value_of(each) for key, each in plain.items()}, dict.fromkeys(plain, HERE), HERE)
    assert plain is None or isinstance(plain, int)
    return Value(plain, HERE)


layers = st.recursive(
    st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(0, 3)),
    lambda inner: st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(0, 3) | inner),
    max_leaves=8,
)


@settings(max_examples=200)
@given(layers, layers)
def test_all_of_the_nearer_layer_holds_and_the_farther_fills_the_gaps(below: Any, above: Any) -> None:
    outcome = overlay(value_of(below), value_of(above)).plain()

    for path, leaf in _leaves(above):
        assert _at(outcome, path) == leaf
    for key in below.keys() - above.keys():
        assert outcome[key] == below[key]


@settings(max_examples=200)
@given(layers)
def test_a_layer_over_nothing_or_itself_is_that_layer(a: object) -> None:
    one = value_of(a)

    assert overlay(value_of({}), one).plain() == overlay(one, value_of({})).plain() == overlay(one, one).plain() == a


def _leaves(layer: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, each in layer.items():
        if isinstance(each, dict):
            yield from _leaves(each, (*path, key))
        else:
            yield (*path, key), each


def _at(layer: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        layer = layer[key]
    return layer


def test_a_lab_has_no_more_nodes_than_there_are_addresses_for() -> None:
    half = MAX_COPIES // 2 + 1
    root, _ = parse(
        f"nodes:\n  'a{{n}}': {{kind: psa300, count: {half}}}\n  'b{{n}}': {{kind: psa300, count: {half}}}\n",
        file="lab.yml",
        fill=lambda text: text,
    )
    assert root is not None
    complaints: list[Complaint] = []

    made = expand.nodes(root, complaints)

    assert len(made) == MAX_COPIES
    assert [complaint.message for complaint in complaints] == [f"are more than {MAX_COPIES}, the most of a lab"]
