"""`leaselab start`, `stop`, `restart`, `kill` and `reset`: one act on nodes, each in its turn."""

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import Format, FormatOption, LabOption, NodesArgument


def start(nodes: NodesArgument, *, lab: LabOption = "", form: FormatOption = Format.TEXT) -> None:
    """Switch nodes on."""
    _each(nodes, lab, form, act="start")


def stop(nodes: NodesArgument, *, lab: LabOption = "", form: FormatOption = Format.TEXT) -> None:
    """Shut nodes down in good order."""
    _each(nodes, lab, form, act="stop")


def restart(nodes: NodesArgument, *, lab: LabOption = "", form: FormatOption = Format.TEXT) -> None:
    """Shut nodes down and switch them on again."""
    _each(nodes, lab, form, act="restart")


def kill(nodes: NodesArgument, *, lab: LabOption = "", form: FormatOption = Format.TEXT) -> None:
    """Kill nodes without warning, as a power cut does.

    What they had acknowledged is still there when they start again.
    """
    _each(nodes, lab, form, act="kill")


def reset(nodes: NodesArgument, *, lab: LabOption = "", form: FormatOption = Format.TEXT) -> None:
    """Reset nodes to factory state; they keep their hardware IDs."""
    _each(nodes, lab, form, act="reset")


def _each(names: list[str], lab: str, form: Format, *, act: str) -> None:
    from leaselab.testbed.cli.output import print_json, print_line

    done = []
    chosen = chosen_lab(lab)
    for node in [chosen[name] for name in names]:
        getattr(node, act)()
        done.append({"node": node.name, "phase": node.phase})
        if form is Format.TEXT:
            print_line(f"{node.name}: {node.phase}")
    if form is Format.JSON:
        print_json({act: done})
