"""The verbs, and a command group that imports one only when it is called."""

import difflib
import importlib
from collections.abc import Sequence
from typing import Annotated, Any, Final, NamedTuple

import typer
from typer.core import TyperGroup

from leaselab.testbed.errors import CallError


class Verb(NamedTuple):
    """Where a verb is (a module of this package, which has it under its own name) and what it does in one line."""

    module: str
    help: str


VERBS: Final[dict[str, dict[str, Verb]]] = {
    "A lab": {
        "up": Verb("up", "Bring a lab to what its file says."),
        "down": Verb("down", "Take a lab down, and leave nothing of it."),
        "labs": Verb("labs", "List the labs on this machine."),
        "status": Verb("status", "Show a lab's nodes: phase, users, leases, addresses."),
        "start": Verb("power", "Switch nodes on."),
        "stop": Verb("power", "Shut nodes down in good order."),
        "restart": Verb("power", "Shut nodes down and switch them on again."),
        "kill": Verb("power", "Kill nodes without warning, as a power cut does."),
        "reset": Verb("power", "Reset nodes to factory state; they keep their hardware IDs."),
    },
    "Its clock": {
        "time": Verb("time", "Show the lab's clock, or move it."),
    },
    "What goes on in it": {
        "users": Verb("users", "Sign end users in or out at a gateway until N are on."),
        "leases": Verb("leases", "Show what is leased, by node and feature."),
        "licenses": Verb("licenses", "Show the licenses installed on the nodes."),
        "license": Verb("license", "Mint a license key, or add keys to a node."),
        "console": Verb("console", "Attach this terminal to a node's serial line."),
        "logs": Verb("logs", "Print the nodes' event logs, merged in order of time."),
        "events": Verb("events", "Print what the testbed did, in virtual and wall time."),
    },
    "Files and this machine": {
        "validate": Verb("validate", "Check a topology file and list every problem in it."),
        "graph": Verb("graph", "Draw a topology as SVG, Mermaid or JSON."),
        "schema": Verb("schema", "Print the topology file's JSON Schema, for editors."),
        "doctor": Verb("doctor", "Say what this machine lacks, and which limits a file would meet."),
        "version": Verb("version", "Print the version."),
    },
}
"""Every verb, under the heading that ``leaselab --help`` lists it."""

_FLAT: Final[dict[str, Verb]] = {name: verb for section in VERBS.values() for name, verb in section.items()}


class LazyGroup(TyperGroup):
    """The group of all verbs."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the verbs' names in the order of the help."""
        del ctx  # the table is the same wherever it is asked for
        return list(_FLAT)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import a verb and return its command."""
        if cmd_name in _FLAT and cmd_name not in self.commands:
            self.commands[cmd_name] = load(cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the verb that is called, or name the nearest one there is."""
        if args[0] not in _FLAT:
            near = difflib.get_close_matches(args[0], _FLAT, n=1)
            hint = f"did you mean `leaselab {near[0]}`?" if near else "`leaselab --help` lists the verbs"
            raise CallError(f"there is no verb {args[0]!r}", hint=hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the verbs under their headings, from the table alone."""
        del ctx
        for heading, verbs in VERBS.items():
            with formatter.section(heading):
                formatter.write_dl([(name, verb.help) for name, verb in verbs.items()])


def load(name: str) -> Any:
    """Return the command of a verb; ``name`` is one of the table's."""
    verb = getattr(importlib.import_module(f"leaselab.testbed.cli.{_FLAT[name].module}"), name)
    if not isinstance(verb, typer.Typer):
        function = verb
        verb = typer.Typer(add_completion=False, rich_markup_mode=None)
        verb.command(name)(function)
    return typer.main.get_command(verb)


def build() -> Any:
    """Return the whole command line as one command."""
    app = typer.Typer(
        cls=LazyGroup,
        name="leaselab",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"auto_envvar_prefix": "LEASELAB", "help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(_leaselab)
    return typer.main.get_command(app)


def _leaselab(
    context: typer.Context,
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, allow_from_autoenv=False)
    ] = False,
) -> None:
    """Emulate a fleet of VPN gateways and their license server, on one clock that you can advance.

    Every option can also be given by an environment variable: LEASELAB_LAB, LEASELAB_FORMAT and LEASELAB_SET for
    all verbs, LEASELAB_<VERB>_<OPTION> for the others.
    """
    if version:
        from leaselab.appliance import __version__

        typer.echo(f"leaselab {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def run(arguments: Sequence[str] | None = None) -> int:
    """Parse a call, see it through, and return its exit code.

    Raises:
        CallError: the words make no call.
    """
    try:
        outcome = build().main(args=arguments, prog_name="leaselab", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except Exception as error:
        if not hasattr(error, "format_message"):  # click's own, whichever copy of click typer brings
            raise
        where = getattr(getattr(error, "ctx", None), "command_path", "leaselab")
        message = error.format_message().rstrip(".")
        raise CallError(message[:1].lower() + message[1:], hint=f"`{where} --help` shows how it is called") from None
    return outcome if isinstance(outcome, int) else 0
