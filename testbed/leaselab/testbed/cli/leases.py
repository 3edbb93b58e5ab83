"""`leaselab leases`."""

from leaselab.testbed.cli.choice import chosen_lab, reports
from leaselab.testbed.cli.options import Format, FormatOption, LabOption, SomeNodesArgument


def leases(nodes: SomeNodesArgument = None, *, lab: LabOption = "", form: FormatOption = Format.TEXT) -> None:
    """Show what is leased, by node and feature.

    A server shows what it gave, a client what it holds. Counts are units of the feature.
    """
    from leaselab.testbed.cli import shapes, tables
    from leaselab.testbed.cli.output import print_json, print_line, print_table

    seen = reports(chosen_lab(lab), nodes)
    if form is Format.JSON:
        print_json(
            {
                "features": [
                    {"node": name, "feature": feature, **counts}
                    for name, report in seen.items()
                    for feature, counts in shapes.features(report).items()
                ],
                "leases": [shapes.lease_row(name, row) for name, report in seen.items() for row in report.leases],
            }
        )
        return
    print_table(tables.COUNT_COLUMNS, tables.count_rows(seen), empty="nothing is counted here")
    print_line()
    print_table(tables.LEASE_COLUMNS, tables.lease_rows(seen), empty="nothing is leased")
