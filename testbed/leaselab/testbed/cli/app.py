"""The verbs, and a command group that imports one only when it is called."""

import difflib
import importlib
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import click
from typing_extensions import override

from leaselab.testbed.errors import CallError


class Verb(NamedTuple):
    """What a verb does in one line, and where it is: a module of this package, and its name there if that differs."""

    module: str
    help: str
    attribute: str = ""


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
        "snapshot": Verb("snapshot", "Save a whole lab as a file, and bring it back to that."),
        "reset": Verb("power", "Reset nodes to factory state; they keep their hardware IDs."),
    },
    "Its clock": {
        "time": Verb("time", "Show the lab's clock, or move it."),
    },
    "What goes on in it": {
        "users": Verb("users", "Sign end users in or out at a gateway until N are on."),
        "leases": Verb("leases", "Show what is leased, by node and feature."),
        "licenses": Verb("licenses", "Show the licenses installed on the nodes."),
        "license": Verb("license", "Handle license keys; surrender, recall and remove licenses.", "keys"),
        "admin": Verb("admin", "Pull state, upgrade, export, import, as an administrator."),
        "fault": Verb("fault", "Inject faults, list them, and take them back."),
        "console": Verb("console", "Attach this terminal to a node's serial line."),
        "logs": Verb("logs", "Print the nodes' event logs, merged in order of time."),
        "events": Verb("events", "Print what the testbed did, in virtual and wall time."),
        "web": Verb("web", "Show the labs in a browser."),
        "timeline": Verb("timeline", "Draw counts, leases and faults over the lab's time."),
        "monitor": Verb("monitor", "Prometheus and Grafana for the running labs."),
    },
    "Files and this machine": {
        "inventory": Verb("inventory", "Print the lab as a file that ssh, Ansible or Prometheus reads."),
        "check": Verb("check", "Carry out a file's checks on its lab, and say what did not hold."),
        "validate": Verb("validate", "Check a topology file and list every problem in it."),
        "simulate": Verb("simulate", "Simulate a lab with its load, for as long as a year."),
        "graph": Verb("graph", "Draw a topology as SVG, Mermaid or JSON."),
        "schema": Verb("schema", "Print the topology file's JSON Schema, for editors."),
        "images": Verb("images", "Build, list, copy and remove the appliance's container image."),
        "doctor": Verb("doctor", "Say what this machine lacks, and which limits a file would meet."),
        "rules": Verb("rules", "List the licensing rules, and the tests that prove them."),
        "version": Verb("version", "Print the version."),
    },
}
"""Every verb, under the heading that ``leaselab --help`` lists it."""

_FLAT: Final[dict[str, Verb]] = {name: verb for section in VERBS.values() for name, verb in section.items()}


class LazyGroup(click.Group):
    """The group of all verbs."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs' names in the order of the help."""
        return list(_FLAT)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a verb and return its command."""
        if cmd_name in _FLAT and cmd_name not in self.commands:
            self.commands[cmd_name] = load(cmd_name)
        return super().get_command(ctx, cmd_name)

    @override
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb that is called, or name the nearest one there is."""
        if args[0] not in _FLAT:
            near = difflib.get_close_matches(args[0], _FLAT, n=1)
            hint = f"did you mean `leaselab {near[0]}`?" if near else "`leaselab --help` lists the verbs"
            raise CallError(f"there is no verb {args[0]!r}", hint=hint)
        return super().resolve_command(ctx, args)

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs under their headings, from the table alone."""
        for heading, verbs in VERBS.items():
            with formatter.section(heading):
                formatter.write_dl([(name, verb.help) for name, verb in verbs.items()])


def load(name: str) -> click.Command:
    """Return the command of a verb; ``name`` is one of the table's."""
    verb = _FLAT[name]
    module = importlib.import_module(f"leaselab.testbed.cli.{verb.module}")
    command: click.Command = getattr(module, verb.attribute or name)
    return command


def _print_version(context: click.Context, _option: click.Parameter, wanted: Any) -> None:
    if wanted:
        from leaselab.appliance import __version__

        click.echo(f"leaselab {__version__}")
        context.exit()


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={
        "auto_envvar_prefix": "LEASELAB",
        "help_option_names": ["-h", "--help"],
        "show_default": True,
    },
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    allow_from_autoenv=False,
    callback=_print_version,
    help="Print the version.",
)
@click.pass_context
def leaselab(context: click.Context) -> None:
    """Emulate a fleet of VPN gateways and their license server, on one clock that you can advance.

    Every option can also be given by an environment variable: LEASELAB_LAB, LEASELAB_FORMAT and LEASELAB_SET for
    all verbs, LEASELAB_<VERB>_<OPTION> for the others.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def run(arguments: Sequence[str] | None = None) -> int:
    """Parse a call, see it through, and return its exit code.

    Raises:
        CallError: the words make no call.
        KeyboardInterrupt: Ctrl-C.
    """
    try:
        outcome = leaselab.main(args=arguments, prog_name="leaselab", standalone_mode=False)
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        context = error.ctx if isinstance(error, click.UsageError) else None
        where = context.command_path if context else "leaselab"
        raise CallError(_in_a_line(error, where), hint=f"`{where} --help` shows how it is called") from None
    return outcome if isinstance(outcome, int) else 0


def _in_a_line(error: click.ClickException, where: str) -> str:
    """Say in one line what is wrong with a call; the library's own words fill a page at times."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and error.ctx:
        known = ", ".join(error.ctx.command.to_info_dict(error.ctx)["commands"])
        return f"`{where}` needs to be told what: {known}"
    if isinstance(error, click.NoSuchOption) and error.option_name.lstrip("-")[:1].isdigit():
        return f"{error.option_name} reads as an option; nothing that `{where}` takes is below 0"
    words = " ".join(error.format_message().split()).rstrip(".")
    return words[:1].lower() + words[1:]
