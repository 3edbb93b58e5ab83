"""From what a file says once to what each node is told: inheritance, counts, numbers.

Values keep their places through all of it, so that a problem of the fiftieth instance points at the one line it comes
from.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from leaselab.testbed.errors import nearest
from leaselab.testbed.topology.fieldtypes import MAX_COPIES
from leaselab.testbed.topology.marks import Mark, Path, Value, mapping, sequence

_PLACE: Final = re.compile(r"\{n(?::0([1-9]))?\}")


class Complaint(NamedTuple):
    """A problem that has no file name yet."""

    mark: Mark
    path: Path
    message: str
    suggestion: str = ""


class Instance(NamedTuple):
    """One node of the lab.

    Attributes:
        name: with its number in it.
        written: its key in the file.
        tree: all its settings, inherited ones included.
    """

    name: str
    written: str
    tree: Value


def overlay(below: Value, above: Value) -> Value:
    """Put one layer over another: mappings field by field, anything else is replaced; null takes back what is below."""
    if not (isinstance(below.content, dict) and isinstance(above.content, dict)):
        return above
    content = dict(below.content)
    for key, value in above.content.items():
        content[key] = overlay(content[key], value) if key in content else value
    return mapping(content, below.keys | above.keys, above.mark)


def without_nulls(tree: Value) -> Value:
    """Leave out fields that are null: taken back, or never given."""
    if not isinstance(tree.content, dict):
        return tree
    kept = {key: without_nulls(value) for key, value in tree.content.items() if value.content is not None}
    return mapping(kept, tree.keys, tree.mark)


def numbered(tree: Value, number: int) -> Value:
    """Put a number in the place of ``{n}`` in all texts and keys, but not where another ``count`` is nearer."""
    content = tree.content
    if isinstance(content, str):
        return Value(fill(content, number), tree.mark) if "{n" in content else tree
    if isinstance(content, list):
        return sequence([numbered(item, number) for item in content], tree.mark)
    if not isinstance(content, dict):
        return tree
    filled: dict[str, Value] = {}
    keys: dict[str, Mark] = {}
    for key, value in content.items():
        counted = count_of(value) is not None
        name = key if counted else fill(key, number)
        filled[name] = value if counted else numbered(value, number)
        keys[name] = tree.keys[key]
    return mapping(filled, keys, tree.mark)


def fill(text: str, number: int) -> str:
    """Put a number in the place of ``{n}``, with as many digits as ``{n:02}`` asks for."""
    return _PLACE.sub(lambda place: f"{number:0{place[1] or 1}}", text)


def is_numbered(text: str) -> bool:
    """Tell whether a text has a place for a number."""
    return _PLACE.search(text) is not None


def count_of(tree: Value) -> int | None:
    """Return an entry's ``count``, if it has one."""
    counted = tree.content.get("count") if isinstance(tree.content, dict) else None
    count = counted.content if counted else None
    return int(count) if isinstance(count, int) and not isinstance(count, bool) else None


def instances(entries: Value, path: Path, complaints: list[Complaint]) -> Iterator[Instance]:
    """Yield each entry of a mapping as often as its ``count`` says, ``count`` left out and numbers filled in.

    Args:
        entries: nodes, clients or codes, by name.
        path: where they are in the file.
        complaints: what is wrong with names is added here.
    """
    seen: dict[str, str] = {}
    for written, tree in _entries(entries):
        count = count_of(tree)
        if count is not None and count > 1 and not is_numbered(written):
            complaints.append(
                Complaint(
                    entries.keys[written],
                    (*path, written),
                    f"{count} of them cannot have one name; put {{n}} into it, for example {written}{{n}}",
                )
            )
            continue
        for number in range(1, (count or 1) + 1):
            name = fill(written, number) if count else written
            if name in seen:
                complaints.append(
                    Complaint(
                        entries.keys[written], (*path, written), f"makes {name}, which {seen[name]} makes already"
                    )
                )
                break
            seen[name] = written
            yield Instance(name, written, _single(tree, number) if count else tree)


def each_with(entries: Value, path: Path, complaints: list[Complaint]) -> Value:
    """Return a mapping with its counted entries written out."""
    made = list(instances(entries, path, complaints))
    return mapping(
        {one.name: one.tree for one in made}, {one.name: entries.keys[one.written] for one in made}, entries.mark
    )


def _single(tree: Value, number: int) -> Value:
    content = tree.content if isinstance(tree.content, dict) else {}
    return numbered(
        mapping({key: value for key, value in content.items() if key != "count"}, tree.keys, tree.mark), number
    )


def _entries(tree: Value | None) -> Iterable[tuple[str, Value]]:
    return tree.content.items() if tree is not None and isinstance(tree.content, dict) else ()


def field(tree: Value | None, *path: str) -> Value | None:
    """Return what a tree has at a path of keys, if anything."""
    for key in path:
        tree = tree.content.get(key) if tree is not None and isinstance(tree.content, dict) else None
    return tree


def nodes(root: Value, complaints: list[Complaint]) -> list[Instance]:
    """Return every node of a file with all that it inherits: defaults, its kind, its group, itself (in that order)."""
    entries = field(root, "nodes") or mapping({}, {}, root.mark)
    layered = mapping(
        {name: _layered(root, name, tree, complaints) for name, tree in _entries(entries)}, entries.keys, entries.mark
    )
    made: list[Instance] = []
    for one in instances(layered, ("nodes",), complaints):
        if len(made) == MAX_COPIES:
            complaints.append(Complaint(entries.mark, ("nodes",), f"are more than {MAX_COPIES}, the most of a lab"))
            break
        made.append(one._replace(tree=_clients_written_out(one, complaints)))
    return made


def _layered(root: Value, name: str, own: Value, complaints: list[Complaint]) -> Value:
    defaults = field(root, "defaults")
    group = field(own, "group") or field(defaults, "group")
    of_group = _named(root, "groups", group, name, complaints)
    kind = field(own, "kind") or field(of_group, "kind") or field(defaults, "kind")
    of_kind = field(root, "kinds", str(kind.content)) if kind else None
    tree = mapping({}, {}, own.mark)
    for layer in (defaults, of_kind, of_group, own):
        if layer is not None and isinstance(layer.content, dict):
            tree = overlay(tree, layer)
    return without_nulls(tree)


def _named(root: Value, section: str, wanted: Value | None, node: str, complaints: list[Complaint]) -> Value | None:
    if wanted is None or wanted.content is None:
        return None
    known = [name for name, _ in _entries(field(root, section))]
    if wanted.content in known:
        return field(root, section, str(wanted.content))
    there = f"; there are {', '.join(known)}" if known else f"; `{section}` defines them"
    suggestion = nearest(str(wanted.content), known)
    complaints.append(
        Complaint(
            wanted.mark,
            ("nodes", node, section.rstrip("s")),
            f"there is no {section.rstrip('s')} {wanted.content!r}{'' if suggestion else there}",
            suggestion,
        )
    )
    return None


def _clients_written_out(one: Instance, complaints: list[Complaint]) -> Value:
    server = field(one.tree, "license-server")
    clients = field(server, "clients")
    if (
        server is None
        or clients is None
        or not isinstance(server.content, dict)
        or not isinstance(one.tree.content, dict)
    ):
        return one.tree
    path = ("nodes", one.written, "license-server", "clients")
    written_out = server.content | {"clients": each_with(clients, path, complaints)}
    tree = one.tree.content | {"license-server": mapping(written_out, server.keys, server.mark)}
    return mapping(tree, one.tree.keys, one.tree.mark)
