"""`leaselab start`, `stop`, `restart`, `kill` and `reset`: one act on nodes, each in its turn."""

import click

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import format_option, lab_option, nodes_argument


@click.command()
@nodes_argument
@lab_option
@format_option
def start(nodes: tuple[str, ...], *, lab: str, as_json: bool) -> None:
    """Switch nodes on."""
    _each("start", nodes, lab=lab, as_json=as_json)


@click.command()
@nodes_argument
@lab_option
@format_option
def stop(nodes: tuple[str, ...], *, lab: str, as_json: bool) -> None:
    """Shut nodes down in good order."""
    _each("stop", nodes, lab=lab, as_json=as_json)


@click.command()
@nodes_argument
@lab_option
@format_option
def restart(nodes: tuple[str, ...], *, lab: str, as_json: bool) -> None:
    """Shut nodes down and switch them on again."""
    _each("restart", nodes, lab=lab, as_json=as_json)


@click.command()
@nodes_argument
@lab_option
@format_option
def kill(nodes: tuple[str, ...], *, lab: str, as_json: bool) -> None:
    """Kill nodes without warning, as a power cut does.

    What they had acknowledged is still there when they start again.
    """
    _each("kill", nodes, lab=lab, as_json=as_json)


@click.command()
@nodes_argument
@lab_option
@format_option
def reset(nodes: tuple[str, ...], *, lab: str, as_json: bool) -> None:
    """Reset nodes to factory state; they keep their hardware IDs."""
    _each("reset", nodes, lab=lab, as_json=as_json)


def _each(act: str, names: tuple[str, ...], *, lab: str, as_json: bool) -> None:
    from leaselab.testbed.cli.output import print_json, print_line

    chosen = chosen_lab(lab)
    done = []
    for node in [chosen[name] for name in names]:
        getattr(node, act)()
        done.append({"node": node.name, "phase": node.phase})
        if not as_json:
            print_line(f"{node.name}: {node.phase}")
    if as_json:
        print_json({act: done})
