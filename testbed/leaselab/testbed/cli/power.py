"""`leaselab start`, `stop`, `restart`, `kill` and `reset`: one act on nodes, each in its turn."""

from leaselab.testbed.cli.choice import chosen_lab, chosen_nodes
from leaselab.testbed.cli.options import Format, FormatOption, LabOption, NodesArgument


def start(nodes: NodesArgument, *, lab: LabOption = "", format: FormatOption = Format.TEXT) -> None:
    """Switch nodes on."""
    _each(nodes, lab, format, act="start")


def stop(nodes: NodesArgument, *, lab: LabOption = "", format: FormatOption = Format.TEXT) -> None:
    """Shut nodes down in good order."""
    _each(nodes, lab, format, act="stop")


def restart(nodes: NodesArgument, *, lab: LabOption = "", format: FormatOption = Format.TEXT) -> None:
    """Shut nodes down and switch them on again."""
    _each(nodes, lab, format, act="restart")


def kill(nodes: NodesArgument, *, lab: LabOption = "", format: FormatOption = Format.TEXT) -> None:
    """Kill nodes without warning, as a power cut does.

    What they had acknowledged is still there when they start again.
    """
    _each(nodes, lab, format, act="kill")


def reset(nodes: NodesArgument, *, lab: LabOption = "", format: FormatOption = Format.TEXT) -> None:
    """Reset nodes to factory state; they keep their hardware IDs."""
    _each(nodes, lab, format, act="reset")


def _each(names: list[str], lab: str, format: Format, *, act: str) -> None:
    from leaselab.testbed.cli.output import print_json, print_line

    done = []
    for node in chosen_nodes(chosen_lab(lab), names):
        getattr(node, act)()
        done.append({"node": node.name, "phase": node.phase})
        if format is Format.TEXT:
            print_line(f"{node.name}: {node.phase}")
    if format is Format.JSON:
        print_json({act: done})
