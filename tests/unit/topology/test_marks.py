from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from leaselab.testbed.topology.marks import MAX_CHARACTERS, Mark, Value, parse


def read(text: str) -> tuple[Any, list[str]]:
    value, problems = parse(text, file="lab.yml", fill=str)
    return None if value is None else value.plain(), [str(problem) for problem in problems]


def test_values_and_keys_know_where_they_stand() -> None:
    value, _ = parse("name: a\nnodes:\n  gw1: {kind: psa3000}\n", file="lab.yml", fill=str)

    assert value is not None
    assert isinstance(value.content, dict)
    nodes = value.content["nodes"]
    assert isinstance(nodes.content, dict)
    assert value.keys["nodes"] == Mark(2, 1)
    assert nodes.keys["gw1"] == Mark(3, 3)
    assert nodes.content["gw1"].mark == Mark(3, 8)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("010", 10),
        ("0x10", 16),
        ("12:30", "12:30"),
        ("2018-01-01", "2018-01-01"),
        ("true", True),
        ("~", None),
        ("1.5", 1.5),
        ("1234567890123456", "1234567890123456"),
        ("'7'", "7"),
    ],
)
def test_scalars_mean_what_editors_take_them_for(written: str, meant: Any) -> None:
    assert read(f"a: {written}")[0] == {"a": meant}


def test_a_number_keeps_how_it_was_written() -> None:
    value, _ = parse("release: 8.10", file="lab.yml", fill=str)

    assert isinstance(value, Value)
    assert value.plain()["release"].written == "8.10"


def test_a_key_that_stands_twice_is_refused_with_the_place_of_both() -> None:
    assert read("a: 1\nb: 2\na: 3\n")[1] == ["lab.yml:3:1: a: stands here twice; the first is on line 1"]


def test_anchors_and_merge_keys_bring_what_they_name_and_the_nearest_wins() -> None:
    assert read("one: &one {a: 1, b: 2}\ntwo: {<<: *one, b: 3}\n")[0]["two"] == {"a": 1, "b": 3}


def test_of_several_merged_mappings_the_first_wins() -> None:
    assert read("x: &x {a: 1}\ny: &y {a: 2, b: 2}\nz: {<<: [*x, *y]}\n")[0]["z"] == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "lab.yml:1:1: is empty; a lab has at least `name` and `nodes`"),
        ("---\na\n---\nb\n", "lab.yml:3:1: a second document begins here; one file is one lab"),
        ("a: *b", "lab.yml:1:4: *b stands for nothing: there is no &b before it"),
        ("&a [*a]", "lab.yml:1:5: *a stands for nothing: there is no &a before it"),
        ("? [1]\n: 2\n", "lab.yml:1:3: a key must be a plain text"),
        ("a: 1\nb: \x00", "lab.yml:2:4: this character cannot be in YAML: control characters are not allowed"),
        ("[" * 40, "lab.yml:1:34: nests deeper than 32"),
        ("a: !!python/name:os.system x", "lab.yml:1:4: a: has the tag 'python/name:os.system'; topologies use none"),
        ("<<: 3", "lab.yml:1:5: <<: merges a mapping or a list of them, for example `<<: *common`"),
    ],
)
def test_what_is_no_topology_at_all_is_refused_in_words(text: str, problem: str) -> None:
    assert read(text)[1] == [problem]


def test_aliases_cannot_fill_the_memory() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]

    value, problems = read("\n".join(lines))

    assert value is None
    assert "by its aliases" in problems[0]


def test_a_file_beyond_all_measure_is_not_read() -> None:
    assert "at most" in read("#" * (MAX_CHARACTERS + 1))[1][0]


def test_braces_that_yaml_takes_for_its_own_are_explained() -> None:
    assert read("a: {node: gw{n}, b: 1}")[1][0].endswith('inside { } quote what has braces of its own: "gw{n}"')


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from("ab:{}[]-,&*!|>'\"\n \t#%@`?<0.~$\x01\u2028é"), max_size=60))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    value, problems = parse(text, file="lab.yml", fill=str)

    assert value is not None or problems
    assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)


def test_a_tab_at_the_beginning_of_a_line_is_called_by_its_name() -> None:
    (problem,) = read("nodes:\n\tgw1: {}\n")[1]

    assert problem.startswith("lab.yml:2:1: this is no YAML: ")
    assert problem.endswith("; lines are indented with blanks, not with tabs")


def test_a_character_that_cannot_be_is_refused_also_where_libyaml_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'a: "\\UFFFFFFFF"'
    assert read(text)[1] == [
        "lab.yml:1:7: this is no YAML: found invalid Unicode character escape code while parsing a quoted scalar"
    ]

    monkeypatch.setattr("leaselab.testbed.topology.marks._LOADER", yaml.SafeLoader)

    (problem,) = read(text)[1]
    assert problem.startswith("lab.yml:1:1: this is no YAML: ")
