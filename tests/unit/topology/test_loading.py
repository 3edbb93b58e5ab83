"""Every example is the smallest file with that mistake; what is compared is what a person reads."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaselab.testbed.errors import TopologyError
from leaselab.testbed.topology.loading import read

WHOLE = """name: quickstart
release: 8.3R1                      # default for every node; PPS nodes get the matching PPS release (PLT-03)
clock: {start: 2018-01-01T00:00:00Z}      # virtual unless `mode: real`
cloud:                              # the vendor's side: download center and cloud licensing service
  auth-codes:
    Ab12-Cd34-Ef56-Gh78: {licenses: [LICENSE-SVR, CONSEC-1000U-1YR]}
nodes:
  vls1:
    kind: va-spe
    boot: {accept-license: true, virtual-license-server: true, admin: {name: admin, password: admin123}}
    auth-codes: [Ab12-Cd34-Ef56-Gh78]     # entered on first boot, as an admin would on Download Licenses
    license-server:
      incremental-lease: 24h
      renewal-interval: 6h
      clients:
        GW1: {node: gw1, password: secret1, features: {concurrent-users: {reserved: 50, increment: 25, maximum: 200}}}
  gw1:
    kind: psa3000
    personality: pcs
    boot: {accept-license: true, admin: {name: admin, password: admin123}}
    license-client: {server: vls1, id: GW1, password: secret1, preferred-network: internal, verify-certificate: true}
    users: 10
"""


def problems_of(text: str) -> list[str]:
    with pytest.raises(TopologyError) as caught:
        read(text, file="lab.yml")
    assert caught.value.exit_code == 2
    return str(caught.value).splitlines()


def fields(problems: list[str]) -> list[str]:
    """Return what the problems are about."""
    return [problem.split(": ")[1] for problem in problems]


def changed(*changes: tuple[str, str]) -> list[str]:
    text = WHOLE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return problems_of(text)


def test_the_example_of_the_documentation_is_a_whole_lab() -> None:
    lab = read(WHOLE, file="lab.yml")

    assert [node.name for node in lab.nodes] == ["vls1", "gw1"]
    assert lab.auth_codes is not None
    assert lab.auth_codes["Ab12-Cd34-Ef56-Gh78"].licenses == ("LICENSE-SVR", "CONSEC-1000U-1YR")


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    assert changed(
        ("start: 2018-01-01T00:00:00Z", "start: yesterday"),
        ("    kind: va-spe\n", "    kind: va-spee\n"),
        ("personality: pcs", "personalty: pcs"),
        ("users: 10", "users: ten"),
    ) == [
        "lab.yml:3:16: clock.start: 'yesterday' is not a time; write for example 2018-01-01T00:00:00Z",
        "lab.yml:9:11: nodes.vls1.kind: there is no kind 'va-spee' (did you mean va-spe?)",
        "lab.yml:19:5: nodes.gw1.personalty: there is no such field (did you mean personality?)",
        "lab.yml:22:12: nodes.gw1.users: takes a whole number, not 'ten'",
    ]


def test_what_was_left_out_as_wrong_is_not_complained_of_as_missing() -> None:
    assert changed(("password: secret1, features", "pasword: secret1, features")) == [
        "lab.yml:16:9: nodes.vls1.license-server.clients.GW1.password: is missing",
        "lab.yml:16:26: nodes.vls1.license-server.clients.GW1.pasword: there is no such field (did you mean password?)",
    ]


def test_a_check_of_what_there_is_not_is_refused_where_it_stands() -> None:
    steps = (
        "checks:\n"
        "  - {check: a, expect: {gw9: {leased: 1}}}\n"
        "  - {check: b, expect: {gw1: {leased: many}}}\n"
        "  - {check: c, do: [{pull: gw1, users: {gw1: 1}}]}\n"
        "  - {check: d, do: [{fault: {kind: kill}}]}\n"
        "  - {check: e}\n"
    )
    assert [problem.split(": ", 1)[0] for problem in problems_of(WHOLE + steps)] == [
        f"lab.yml:{line}" for line in ("24:30", "25:39", "26:21", "27:22", "28:5")
    ]


def test_a_fault_that_befalls_nothing_is_refused_where_it_stands() -> None:
    assert problems_of(
        WHOLE
        + "faults:\n  - {kind: cut, between: [gw1, vls9], for: 1d}\n  - {kind: kil, node: gw1}\n"
        + "  - {kind: clone, node: vls1, identity: now}\n"
    ) == [
        "lab.yml:24:26: faults[0].between: there is no node 'vls9' (did you mean vls1?)",
        (
            "lab.yml:25:12: faults[1].kind: there is no fault 'kil'; there are cut, delay, loss, throttle, kill, "
            "restart, pause, skew, slow, error, wrong, bad-certificate, disk-full, clone (did you mean kill?)"
        ),
        "lab.yml:26:41: faults[2].identity: is same or new, not 'now' (did you mean new?)",
    ]


def test_a_problem_carries_its_parts_for_programs() -> None:
    with pytest.raises(TopologyError) as caught:
        read(WHOLE.replace("gw1, password", "gw11, password"), file="lab.yml")

    problem = caught.value.problems[0]
    assert (problem.line, problem.field, problem.suggestion) == (
        16,
        "nodes.vls1.license-server.clients.GW1.node",
        "gw1",
    )


@settings(max_examples=150)
@given(st.data())
def test_no_damage_to_a_file_gets_more_than_problems_out_of_us(data: st.DataObject) -> None:
    lines = WHOLE.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        line = lines[at]
        start = data.draw(st.integers(0, len(line)))
        end = data.draw(st.integers(start, len(line)))
        piece = data.draw(
            st.sampled_from(["", "null", "[]", "{}", "-1", "{n}", "${x}", "true", ":", "&a", "*a", "'", "é"])
        )
        lines[at] = line[:start] + piece + line[end:]
    problems = problems_found("\n".join(lines))

    assert problems is None or problems
    assert all(problem.startswith("lab.yml:") for problem in problems or [])


def problems_found(text: str) -> list[str] | None:
    """Return the problems, or nothing where the text still is a topology."""
    try:
        read(text, file="lab.yml")
    except TopologyError as error:
        return [str(problem) for problem in error.problems]
    return None


def test_what_is_wrong_in_what_all_inherit_is_told_once_and_spoils_no_further_check() -> None:
    text = "name: lab\ndefaults: {license-client: {server: 5, id: A}, users: many}\nnodes: {a: {kind: psa300}}\n"

    assert fields(problems_of(text)) == ["defaults.license-client.server", "defaults.users"]


def test_what_a_node_was_given_wrong_is_not_told_as_missing_too() -> None:
    assert fields(problems_of("name: lab\nnodes: {a: {kind: 5}}\n")) == ["nodes.a.kind"]


def test_a_bad_item_of_a_list_leaves_the_others_to_be_judged() -> None:
    text = "name: lab\nfaults: [kill, {kind: kut, node: a}]\nnodes: {a: {kind: psa300}}\n"

    assert fields(problems_of(text)) == ["faults[0]", "faults[0].kind"]


def test_what_leaving_out_has_made_is_no_problem_of_the_file() -> None:
    codes = "cloud: {auth-codes: {Ab12-Cd34-Ef56-Gh78: {licenses: [[]]}}}"

    assert fields(problems_of(f"name: lab\n{codes}\nnodes: {{a: {{kind: psa300}}}}\n")) == [
        "cloud.auth-codes.Ab12-Cd34-Ef56-Gh78.licenses[0]"
    ]


def test_an_unknown_field_is_told_with_those_that_may_stand_there() -> None:
    (problem,) = problems_of("name: lab\nnodes: {a: {kind: psa300, boot: {xyz: true}}}\n")

    assert problem.startswith("lab.yml:2:34: nodes.a.boot.xyz: there is no such field; there are accept-license,")


def test_an_empty_file_is_no_lab() -> None:
    assert problems_of("") == ["lab.yml:1:1: is empty; a lab has at least `name` and `nodes`"]


def test_a_variable_that_is_not_closed_is_told_at_its_value() -> None:
    (problem,) = problems_of('name: lab\nnodes: {a: {kind: psa300, user-password: "${word"}}\n')

    assert problem.startswith("lab.yml:2:42: nodes.a.user-password: a variable is written")


def test_a_lab_has_a_node() -> None:
    assert problems_of("name: lab\nnodes: {}\n") == ["lab.yml:2:8: nodes: takes at least one"]
