"""`leaselab rules`."""

import click

from leaselab.testbed.cli.options import format_option


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID...]")
@format_option
def rules(ids: tuple[str, ...], *, as_json: bool) -> None:
    """List the licensing rules, and the tests that prove them.

    With IDs (LSE-04, or LSE for the family) only those, each with its tests.
    """
    from leaselab.testbed.cli.output import print_json, print_line, print_table
    from leaselab.testbed.errors import CallError
    from leaselab.testbed.rulebook import rules as every_rule

    table = every_rule()
    wanted = tuple(one.upper() for one in ids)
    for one in wanted:
        if not any(one in {rule.id, rule.id[:3]} for rule in table):
            raise CallError(f"there is no rule {one!r}", hint="`leaselab rules` lists them")
    chosen = [rule for rule in table if not wanted or {rule.id, rule.id[:3]} & set(wanted)]
    if as_json:
        print_json([{"id": one.id, "title": one.title, "status": one.status, "tests": one.tests} for one in chosen])
        return
    if not wanted:
        print_table(
            ("RULE", "TITLE", "STATUS", "TESTS"), [(r.id, r.title, r.status, len(r.tests)) for r in chosen], empty=""
        )
        return
    for rule in chosen:
        print_line(f"{rule.id}  {rule.title}: {rule.status}")
        for test in rule.tests:
            print_line(f"    tests/{test}")
