"""From pydantic's findings to problems with a place, in words of the topology's own."""

from collections.abc import Callable
from typing import Any, Final, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from leaselab.testbed.errors import Problem, nearest
from leaselab.testbed.topology.marks import Mark, Path, Value, field_name, mapping, sequence

M = TypeVar("M", bound=BaseModel)

_WANTED: Final[dict[str, Callable[[dict[str, Any]], str]]] = {
    "int_type": lambda _: "takes a whole number",
    "float_type": lambda _: "takes a number",
    "finite_number": lambda _: "takes a number",
    "bool_type": lambda _: "takes true or false",
    "string_type": lambda _: "takes text",
    "list_type": lambda _: "takes a list, for example [a, b]",
    "dict_type": lambda _: "takes fields of its own, for example {a: b}",
    "model_type": lambda _: "takes fields of its own, for example {a: b}",
    "literal_error": lambda ctx: f"takes {ctx['expected']}".replace("'", ""),
    "greater_than_equal": lambda ctx: f"takes {ctx['ge']:g} or more",
    "less_than_equal": lambda ctx: f"takes {ctx['le']:,g} or less",
    "string_too_long": lambda ctx: f"takes at most {ctx['max_length']} characters",
    "string_too_short": lambda _: "takes at least one character",
}


def locate(tree: Value, path: Path) -> tuple[Value, Mark, Path]:
    """Walk as far as the file goes.

    Returns:
        The deepest value there is, the mark of its key (or item), and its path.
    """
    value, mark = tree, tree.mark
    walked: Path = ()
    for part in path:
        content = value.content
        if isinstance(content, dict) and isinstance(part, str) and part in content:
            value, mark = content[part], value.keys[part]
        elif isinstance(content, list) and isinstance(part, int) and part < len(content):
            value = content[part]
            mark = value.mark
        else:
            break
        walked = (*walked, part)
    return value, mark, walked


def without(tree: Value, path: Path) -> Value:
    """Return the tree with one value left out, which it has."""
    head, rest = path[0], path[1:]
    if isinstance(tree.content, dict):
        content = {
            key: without(value, rest) if key == head else value
            for key, value in tree.content.items()
            if key != head or rest
        }
        return mapping(content, tree.keys, tree.mark)
    items = tree.content if isinstance(tree.content, list) else []
    return sequence(
        [without(item, rest) if at == head else item for at, item in enumerate(items) if at != head or rest], tree.mark
    )


def fit(
    model: type[M], tree: Value, *, file: str, under: Path = ()
) -> tuple[M | None, Value, list[Problem], list[Path]]:
    """Read a tree as a model; where parts of it do not fit, report all of them and read the rest.

    Args:
        model: what the tree should be.
        tree: what the file has.
        file: its name, for problems.
        under: where in the file the tree is.

    Returns:
        The model (``None`` where too little is left), the tree that it was read from, the problems, and the paths
        that were left out.
    """
    problems: list[Problem] = []
    left_out: list[Path] = []
    while True:  # each round leaves something out, so there is a last one
        try:
            return model.model_validate(tree.plain()), tree, problems, left_out
        except ValidationError as error:
            findings = error.errors(include_url=False)
        if not left_out:  # later rounds only find what leaving out has made
            problems = [_problem(finding, model, tree, file, under) for finding in findings]
        paths = {_faulty(finding, tree) for finding in findings}
        if () in paths:
            return None, tree, problems, [*left_out, ()]
        for path in sorted(paths, key=lambda each: [str(part).zfill(6) for part in each], reverse=True):
            tree = without(tree, path) if locate(tree, path)[2] == path else tree
        left_out += paths


def _path(finding: Any) -> Path:
    return tuple(part for part in finding["loc"] if part != "[key]")


def _faulty(finding: Any, tree: Value) -> Path:
    """Return what has to be left out: the value, or what lacks it."""
    return locate(tree, _path(finding))[2]


def _problem(finding: Any, model: type[BaseModel], tree: Value, file: str, under: Path) -> Problem:
    path = _path(finding)
    value, key_mark, walked = locate(tree, path)
    kind, is_key = finding["type"], finding["loc"][-1:] == ("[key]",)
    mark = key_mark if kind in {"missing", "extra_forbidden"} or is_key else value.mark
    message, suggestion = _words(finding, model, path)
    shown = path if kind == "missing" else walked
    return Problem(file, mark.line, mark.column, field_name((*under, *shown)), message, suggestion)


def _words(finding: Any, model: type[BaseModel], path: Path) -> tuple[str, str]:
    kind, ctx, given = finding["type"], finding.get("ctx", {}), finding["input"]
    match kind:
        case "missing":
            return "is missing", ""
        case "extra_forbidden":
            fields = _fields(model, path[:-1])
            suggestion = nearest(str(path[-1]), fields)
            return "there is no such field" + ("" if suggestion else f"; there are {', '.join(fields)}"), suggestion
        case "value_error":
            return str(ctx["error"]), ""
        case "too_short":
            return "takes at least one", ""
        case "too_long":
            return f"takes at most {ctx['max_length']}", ""
        case "literal_error":
            suggestion = nearest(str(given), _literals(ctx["expected"]))
            return f"{_WANTED[kind](ctx)}, not {_shown(given)}", suggestion
    wanted = _WANTED[kind](ctx) if kind in _WANTED else finding["msg"]
    return f"{wanted}, not {_shown(given)}", ""


def _literals(expected: str) -> list[str]:
    return [word.strip("' ") for word in expected.replace(" or ", ",").split(",")]


SHOWN: Final = 60
"""Characters of a value that a message shows."""


def _shown(given: Any) -> str:
    if isinstance(given, dict | list):
        return "a mapping" if isinstance(given, dict) else "a list"
    text = getattr(given, "written", None) or {None: "nothing", True: "true", False: "false"}.get(given, repr(given))
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}…"


def _fields(model: type[BaseModel], path: Path) -> list[str]:
    """Return the names of the fields that may stand at a path."""
    at: Any = model
    for part in path:
        at = _inside(at, part)
    return [field.alias or name for each in _models(at) for name, field in each.model_fields.items()]


def _inside(annotation: Any, part: str | int) -> Any:
    """Return what an annotation such as ``dict[str, Node] | None`` says of one part of it."""
    if get_origin(annotation) in {dict, list}:
        return get_args(annotation)[-1]
    if isinstance(annotation, type):
        fields = getattr(annotation, "model_fields", {}).items()
        return next((field.annotation for name, field in fields if part in {field.alias, name}), None)
    return next(filter(None, (_inside(each, part) for each in get_args(annotation))), None)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for each in get_args(annotation) for model in _models(each)]
