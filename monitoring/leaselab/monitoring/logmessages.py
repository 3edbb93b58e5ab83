"""What the events log can say, read from the code that says it (docs/log-messages.md)."""

import ast
import inspect
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from leaselab.appliance.licensing import eventlog

_CODE: Final = re.compile(r"[A-Z]{3}\d{5}")
_CODE_AT: Final = 1
_MESSAGE_AT: Final = 2


class Entry(NamedTuple):
    """One sort of line; ``severity`` is empty where it depends on the event."""

    code: str
    severity: str
    message: str


def entries(source: str | None = None) -> list[Entry]:
    """Return all of them by code; the source is the events log's own if none is given."""
    module = ast.parse(inspect.getsource(eventlog) if source is None else source)
    tables = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.AnnAssign) and isinstance(target := node.target, ast.Name) and node.value is not None
    }
    found = {entry for node in module.body if isinstance(node, ast.FunctionDef) for entry in _of_writer(node, tables)}
    return sorted(found)


def _of_writer(writer: ast.FunctionDef, tables: dict[str, ast.expr]) -> Iterator[Entry]:
    """Yield what one writer prints: codes stand in its calls, or in pairs and tables that it looks them up in."""
    nodes = list(ast.walk(writer))
    message = ""
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "LogLine":
            if _is_code(node.args[_CODE_AT]):
                yield _entry(node.args, "")
            else:
                message = _text(node.args[_MESSAGE_AT])
    if message:
        named = [tables[node.id] for node in nodes if isinstance(node, ast.Name) and node.id in tables]
        for node in [*nodes, *(inner for table in named for inner in ast.walk(table))]:
            if isinstance(node, ast.Tuple) and len(node.elts) > _CODE_AT and _is_code(node.elts[_CODE_AT]):
                yield _entry(node.elts, message)


def _entry(parts: list[ast.expr], message: str) -> Entry:
    """Make an entry of severity, code and words; a message that has ``{words}`` in it takes them."""
    severity, code = (ast.literal_eval(one) if isinstance(one, ast.Constant) else "" for one in parts[:_MESSAGE_AT])
    words = _text(parts[_MESSAGE_AT]) if len(parts) > _MESSAGE_AT else ""
    whole = message.replace("{words}", words) if "{words}" in message else words or message
    return Entry(code, str(severity), whole)


def _is_code(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(_CODE.fullmatch(node.value))


def _text(node: ast.expr) -> str:
    """Return a text as its template: what is filled in stands in braces, by its last name."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(one) for one in node.values)
    if isinstance(node, ast.FormattedValue):
        names = re.findall(r"[a-z]\w*", ast.unparse(node.value))
        return "{" + (names[-1] if names else "value") + "}"
    if isinstance(node, ast.IfExp):
        return f"{_text(node.body)} / {_text(node.orelse)}"
    return "{" + ast.unparse(node).rpartition(".")[2] + "}"
