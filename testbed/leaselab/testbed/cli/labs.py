"""`leaselab labs`."""

from leaselab.testbed.cli.options import Format, FormatOption


def labs(*, form: FormatOption = Format.TEXT) -> None:
    """List the labs on this machine.

    A lab that is `down` has lost its host process: bring it up again, or take it down to clear it away.
    """
    from leaselab.testbed.cli.output import print_json, print_table
    from leaselab.testbed.labs import all_labs

    found = all_labs()
    if form is Format.JSON:
        print_json({"labs": found})
        return
    print_table(
        ["lab", "state", "runtime", "topology", "#slot"],
        [(lab.name, lab.state, lab.runtime, lab.topology, lab.slot) for lab in found],
        empty="no lab is here; bring one up with `leaselab up FILE`",
    )
