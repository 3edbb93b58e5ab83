"""`leaselab labs`."""

import click

from leaselab.testbed.cli.options import format_option


@click.command()
@format_option
def labs(*, as_json: bool) -> None:
    """List the labs on this machine.

    A lab that is `down` has lost its host process: bring it up again, or take it down to clear it away.
    """
    from leaselab.testbed.cli.output import print_json, print_table
    from leaselab.testbed.labs import all_labs

    found = all_labs()
    if as_json:
        print_json({"labs": found})
        return
    print_table(
        ["lab", "state", "runtime", "topology", "#slot"],
        [(lab.name, lab.state, lab.runtime, lab.topology, lab.slot) for lab in found],
        empty="no lab is here; bring one up with `leaselab up FILE`",
    )
