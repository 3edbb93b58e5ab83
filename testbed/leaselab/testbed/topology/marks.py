"""YAML with a line and a column for each value, so that every error can say where it is.

Scalars are read as YAML 1.2 reads them, which is what editors check against: ``yes`` and ``on`` are text, ``010`` is
ten, a date is text. Numbers keep how they were written, so that ``release: 8.10`` is not ``8.1``. Duplicate keys,
tags, a second document and text that grows out of bounds by its aliases are refused.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
import yaml

from leaselab.testbed.errors import Problem

MAX_CHARACTERS: Final = 1_000_000
"""Of a file. The largest lab that fits one machine is a hundredth of it."""

MAX_DEPTH: Final = 32
"""A topology nests to nine; deeper is a mistake, or an attack on the recursion below."""

MAX_VALUES: Final = 100_000
"""After aliases are written out, so that ten lines of them cannot fill the memory."""

MAX_DIGITS: Final = 15
"""Of a number. Longer ones are text: no field takes them, and a float would round them."""

MERGE_KEY: Final = "<<"
_CORE = "tag:yaml.org,2002:"
_INTEGER: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,2})?")
_CONSTANTS: Final = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_VARIABLE_ALONE: Final = re.compile(r"\$\{[^{}]*\}")
Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands in its file: keys, and numbers in lists."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class WholeNumber(int):
    """An integer that knows how it was written."""

    written: str = ""


class Number(float):
    """A float that knows how it was written."""

    written: str = ""


Scalar: TypeAlias = str | int | float | bool | None


class Mark(NamedTuple):
    """A place in the file, counted from 1."""

    line: int
    column: int


class Value(msgspec.Struct, frozen=True):
    """A value and where it stands. Aliases share one, so it is never changed.

    Attributes:
        content: a scalar, or values by key or in order.
        mark: where it begins.
        keys: where each key of a mapping stands.
        size: how many values it holds, itself included, aliases written out.
        height: how deep it nests.
    """

    content: "dict[str, Value] | list[Value] | Scalar"
    mark: Mark
    keys: dict[str, Mark] = {}
    size: int = 1
    height: int = 0

    def plain(self) -> Any:
        """Return it as plain dicts, lists and scalars."""
        if isinstance(self.content, dict):
            return {key: value.plain() for key, value in self.content.items()}
        if isinstance(self.content, list):
            return [value.plain() for value in self.content]
        return self.content


def mapping(content: dict[str, Value], keys: dict[str, Mark], mark: Mark) -> Value:
    """Return a mapping as a value."""
    size = 1 + sum(value.size for value in content.values())
    height = 1 + max((value.height for value in content.values()), default=0)
    return Value(content, mark, keys, size, height)


def sequence(content: list[Value], mark: Mark) -> Value:
    """Return a sequence as a value."""
    return Value(content, mark, {}, 1 + sum(v.size for v in content), 1 + max((v.height for v in content), default=0))


def scalar(text: str) -> Scalar:
    """Return what an unquoted scalar means in YAML 1.2."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if len(text) <= MAX_DIGITS and _INTEGER.fullmatch(text):
        whole = WholeNumber(text, 0 if text[:2] in {"0o", "0x"} else 10)
        whole.written = text
        return whole
    if len(text) <= MAX_DIGITS and _FLOAT.fullmatch(text):
        number = Number(text)
        number.written = text
        return number
    return text


def field_name(path: Path) -> str:
    """Return a path as people write it: ``nodes.gw1.licenses[0]``."""
    name = ""
    for part in path:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else part
    return name


class _FatalError(Exception):
    """Nothing after this can be read."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def parse(text: str, *, file: str, fill: Callable[[str], str]) -> tuple[Value | None, list[Problem]]:
    """Read a YAML text.

    Args:
        text: the whole file.
        file: what to call it in problems.
        fill: puts variables into a scalar; its ``ValueError`` becomes a problem at the scalar.

    Returns:
        The value of the document and the problems found. The value is ``None`` where nothing could be read.
    """
    reader = _Reader(file, fill)
    try:
        return reader.document(text), reader.problems
    except _FatalError as fatal:
        return None, [*reader.problems, fatal.problem]


class _Reader:
    """One reading of one file."""

    def __init__(self, file: str, fill: Callable[[str], str]) -> None:
        self.file = file
        self.fill = fill
        self.problems: list[Problem] = []
        self.anchors: dict[str, Value] = {}
        self.events: Iterator[Any] = iter(())

    def document(self, text: str) -> Value:
        """Read the only document of a text."""
        if len(text) > MAX_CHARACTERS:
            raise self._fatal(Mark(1, 1), f"has {len(text)} characters; at most {MAX_CHARACTERS} are read")
        self.events = self._events(text)
        next(self.events)  # the stream's start
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise self._fatal(Mark(1, 1), "is empty; a lab has at least `name` and `nodes`")
        value = self._value(next(self.events), ())
        next(self.events)  # the document's end
        following = next(self.events)
        if not isinstance(following, yaml.StreamEndEvent):
            raise self._fatal(_mark(following), "a second document begins here; one file is one lab")
        return value

    def _events(self, text: str) -> Iterator[Any]:
        try:
            yield from yaml.parse(text, Loader=_LOADER)
        except yaml.reader.ReaderError as error:
            before = text[: error.position]
            mark = Mark(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
            raise self._fatal(mark, f"this character cannot be in YAML: {error.reason}") from None
        except yaml.MarkedYAMLError as error:
            where = error.problem_mark or error.context_mark
            mark = Mark(where.line + 1, where.column + 1) if where else Mark(1, 1)
            context = f" {error.context}" if error.context else ""
            hint = '; inside { } quote what has braces of its own: "gw{n}"' if "flow mapping" in context else ""
            if where and where.line < len(lines := text.splitlines()) and lines[where.line].startswith("\t"):
                hint = "; lines are indented with blanks, not with tabs"
            raise self._fatal(mark, f"this is no YAML: {error.problem}{context}{hint}") from None
        except (yaml.YAMLError, ValueError, OverflowError) as error:  # PyYAML lets some of these out of bad escapes
            raise self._fatal(Mark(1, 1), f"this is no YAML: {' '.join(str(error).split())}") from None

    def _value(self, event: Any, path: Path) -> Value:
        mark = _mark(event)
        if len(path) > MAX_DEPTH:
            raise self._fatal(mark, f"nests deeper than {MAX_DEPTH}")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise self._fatal(mark, f"*{event.anchor} stands for nothing: there is no &{event.anchor} before it")
            return self.anchors[event.anchor]
        if isinstance(event, yaml.ScalarEvent):
            value = Value(self._scalar(event, path), mark)
        elif isinstance(event, yaml.MappingStartEvent):
            value = self._mapping(mark, path)
        else:
            value = self._sequence(mark, path)
        if value.size > MAX_VALUES or value.height > MAX_DEPTH:
            raise self._fatal(
                mark, f"holds more than {MAX_VALUES} values, or nests deeper than {MAX_DEPTH}, by its aliases"
            )
        self._refuse_tag(event, path)
        if event.anchor:
            self.anchors[event.anchor] = value
        return value

    def _scalar(self, event: Any, path: Path) -> Scalar:
        text = self._filled(event, path)
        plain = event.implicit[0] and event.style in {None, ""}
        # Inside { } a variable must be quoted; it is a number all the same if it is written alone.
        alone = event.tag is None and _VARIABLE_ALONE.fullmatch(event.value)
        return scalar(text) if plain or alone else text

    def _filled(self, event: Any, path: Path) -> str:
        text: str = event.value
        if "$" not in text:
            return text
        try:
            return self.fill(text)
        except ValueError as error:
            self._problem(_mark(event), path, str(error))
            return text

    def _sequence(self, mark: Mark, path: Path) -> Value:
        items: list[Value] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return sequence(items, mark)

    def _mapping(self, mark: Mark, path: Path) -> Value:
        content: dict[str, Value] = {}
        keys: dict[str, Mark] = {}
        merged: list[Value] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._fatal(_mark(event), "a key must be a plain text", path)
            key = self._filled(event, path)
            value = self._value(next(self.events), (*path, key))
            if key == MERGE_KEY and event.style in {None, ""}:
                merged += self._merged(value, (*path, key))
            elif key in content:
                first = keys[key]
                self._problem(_mark(event), (*path, key), f"stands here twice; the first is on line {first.line}")
            else:
                content[key] = value
                keys[key] = _mark(event)
        for source in merged:
            assert isinstance(source.content, dict)  # noqa: S101 - _merged lets nothing else through
            for key, value in source.content.items():
                if key not in content:
                    content[key] = value
                    keys[key] = source.keys[key]
        return mapping(content, keys, mark)

    def _merged(self, value: Value, path: Path) -> list[Value]:
        """Return the mappings that a merge key names; earlier ones win over later."""
        sources = value.content if isinstance(value.content, list) else [value]
        good = [source for source in sources if isinstance(source.content, dict)]
        if len(good) < len(sources):
            self._problem(value.mark, path, "merges a mapping or a list of them, for example `<<: *common`")
        return good

    def _refuse_tag(self, event: Any, path: Path) -> None:
        allowed = {"ScalarEvent": "str", "MappingStartEvent": "map", "SequenceStartEvent": "seq"}[type(event).__name__]
        if event.tag not in {None, "!", _CORE + allowed}:
            self._problem(_mark(event), path, f"has the tag {event.tag.removeprefix(_CORE)!r}; topologies use none")

    def _problem(self, mark: Mark, path: Path, message: str) -> None:
        self.problems.append(Problem(self.file, mark.line, mark.column, field_name(path), message))

    def _fatal(self, mark: Mark, message: str, path: Path = ()) -> _FatalError:
        return _FatalError(Problem(self.file, mark.line, mark.column, field_name(path), message))


def _mark(event: Any) -> Mark:
    return Mark(event.start_mark.line + 1, event.start_mark.column + 1)
