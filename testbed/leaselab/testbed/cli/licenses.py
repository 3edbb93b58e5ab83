"""`leaselab licenses`."""

from leaselab.testbed.cli.choice import chosen_lab, chosen_nodes
from leaselab.testbed.cli.options import Format, FormatOption, LabOption, SomeNodesArgument


def licenses(nodes: SomeNodesArgument = None, *, lab: LabOption = "", format: FormatOption = Format.TEXT) -> None:
    """Show the licenses installed on the nodes."""
    from leaselab.testbed.cli import shapes, tables
    from leaselab.testbed.cli.output import print_json, print_table

    reports = shapes.reports_of(chosen_nodes(chosen_lab(lab), nodes))
    if format is Format.JSON:
        print_json(
            {"licenses": [shapes.license(name, row) for name, report in reports.items() for row in report.licenses]}
        )
        return
    print_table(tables.LICENSE_COLUMNS, tables.license_rows(reports), empty="no license is installed")
