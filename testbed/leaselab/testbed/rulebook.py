"""The rules, and the tests that prove them: a table made from docs/rules.md and the tests' markers.

Kept beside this module, for an installed Leaselab has neither docs nor tests; ``./run rules`` makes it anew.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

TABLE: Final = "rulebook.json"

_ROW: Final = re.compile(r"^\| ([A-Z]{3}-\d{2}) \| ([^|]+) \|", re.MULTILINE)


class Rule(msgspec.Struct, frozen=True):
    """A rule of the rule book."""

    id: str
    title: str
    tests: tuple[str, ...]
    """Those that prove it, as ``file::name`` below the folder of the tests."""

    @property
    def status(self) -> str:
        """``proved``, or ``not proved`` where no test claims it."""
        return "proved" if self.tests else "not proved"


class UnknownRuleError(ValueError):
    """A test claims to prove a rule that the rule book does not have."""


def rules() -> tuple[Rule, ...]:
    """Return every rule, in the order of the rule book."""
    return decode((files(__package__) / TABLE).read_bytes())


def collect(book: str, tests: Mapping[str, str]) -> tuple[Rule, ...]:
    """Put rules and tests together.

    Args:
        book: the text of docs/rules.md.
        tests: the text of each test file, by its name.

    Raises:
        UnknownRuleError: a test is marked with a rule that is not in the book; the message names both.
    """
    proofs: dict[str, set[str]] = {identity: set() for identity, _ in _ROW.findall(book)}
    for file, text in tests.items():
        for test, rule in _claims(ast.parse(text)):
            if rule not in proofs:
                raise UnknownRuleError(f"tests/{file}::{test} is marked {rule!r}, which docs/rules.md does not have")
            proofs[rule].add(f"{file}::{test}")
    return tuple(
        Rule(identity, title.strip(), tuple(sorted(proofs[identity]))) for identity, title in _ROW.findall(book)
    )


def _claims(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield each test with each rule it is marked with, by itself or by its class."""
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            shared = list(_marked(node.decorator_list))
            inner = [(f"{node.name}::{one.name}", one) for one in node.body if isinstance(one, _FUNCTIONS)]
        else:
            shared = []
            inner = [(node.name, node)] if isinstance(node, _FUNCTIONS) else []
        for name, function in inner:
            for rule in (*shared, *_marked(function.decorator_list)):
                yield name, rule


_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


def _marked(decorators: Iterable[ast.expr]) -> Iterator[str]:
    """Yield the rules that decorators name, those of single parameters included."""
    for decorator in decorators:
        for node in ast.walk(decorator):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.rule":
                yield from (str(one.value) for one in node.args if isinstance(one, ast.Constant))


def encode(table: tuple[Rule, ...]) -> bytes:
    """Return the table as it is kept: one test a line, so that changes merge."""
    return msgspec.json.format(msgspec.json.encode(table), indent=1) + b"\n"


def decode(text: bytes) -> tuple[Rule, ...]:
    """Return the table that was kept."""
    return msgspec.json.decode(text, type=tuple[Rule, ...])


def of_checkout(root: Path) -> tuple[Rule, ...]:
    """Collect from a checkout of the project."""
    tests = root / "tests"
    found = {path.relative_to(tests).as_posix(): path.read_text("utf-8") for path in sorted(tests.rglob("test_*.py"))}
    return collect((root / "docs" / "rules.md").read_text("utf-8"), found)


def main() -> None:
    """Write the table of the checkout whose root is the first argument."""
    Path(__file__).with_name(TABLE).write_bytes(encode(of_checkout(Path(sys.argv[1]))))


if __name__ == "__main__":
    main()
