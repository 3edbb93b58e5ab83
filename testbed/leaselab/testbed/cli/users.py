"""`leaselab users`."""

from collections import Counter
from typing import Annotated

import typer

from leaselab.testbed.cli.choice import chosen_lab
from leaselab.testbed.cli.options import Format, FormatOption, LabOption


def users(
    node: Annotated[str, typer.Argument(help="The gateway.")],
    count: Annotated[int, typer.Argument(metavar="N", min=0, help="How many are to be on.")],
    *,
    lab: LabOption = "",
    form: FormatOption = Format.TEXT,
) -> None:
    """Sign end users in or out at a gateway until N are on.

    They come and go over the gateway's own sign-in. Those it refuses are listed with its reason, and the exit code
    is then 1.
    """
    from leaselab.testbed.cli.output import print_json, print_line

    outcome = chosen_lab(lab)[node].users.set(count)
    if form is Format.JSON:
        print_json({"node": node, "signed_in": outcome.signed_in, "refused": outcome.refused})
    else:
        print_line(f"{node}: {outcome.signed_in} signed in")
        for why, many in Counter(refusal.why for refusal in outcome.refused).items():
            first = next(refusal.user for refusal in outcome.refused if refusal.why == why)
            others = f" and {many - 1} more" if many > 1 else ""
            print_line(f"refused: {first}{others}: {why}")
    if outcome.refused:
        raise typer.Exit(1)
