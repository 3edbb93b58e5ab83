"""`leaselab users`."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import format_option, lab_option, node_argument

if TYPE_CHECKING:
    from leaselab.testbed.views import UserRefusal


@click.command()
@node_argument
@click.argument("count", metavar="N", type=click.IntRange(min=0))
@lab_option
@format_option
@click.pass_context
def users(context: click.Context, node: str, count: int, *, lab: str, as_json: bool) -> None:
    """Sign end users in or out at a gateway until N are on.

    They come and go over the gateway's own sign-in. Those it refuses are listed with its reason, and the exit code
    is then 1.
    """
    from leaselab.testbed.cli.output import print_json, print_line

    outcome = chosen_lab(lab)[node].users.set(count)
    if as_json:
        print_json({"node": node, "signed_in": outcome.signed_in, "refused": outcome.refused})
    else:
        print_line(f"{node}: {outcome.signed_in} signed in")
        for line in refusals(outcome.refused):
            print_line(line)
    if outcome.refused:
        context.exit(1)


def refusals(refused: "Sequence[UserRefusal]") -> list[str]:
    """Return a line for each reason that users were refused with."""
    first = {refusal.why: refusal.user for refusal in reversed(refused)}
    counts = Counter(refusal.why for refusal in refused)
    return [
        f"refused: {first[why]}{f' and {count - 1} more' if count > 1 else ''}: {why}" for why, count in counts.items()
    ]
