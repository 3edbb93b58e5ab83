"""`leaselab licenses`."""

from leaselab.testbed.cli.choice import chosen_lab, reports
from leaselab.testbed.cli.options import Format, FormatOption, LabOption, SomeNodesArgument


def licenses(nodes: SomeNodesArgument = None, *, lab: LabOption = "", form: FormatOption = Format.TEXT) -> None:
    """Show the licenses installed on the nodes."""
    from leaselab.testbed.cli import shapes, tables
    from leaselab.testbed.cli.output import print_json, print_table

    seen = reports(chosen_lab(lab), nodes)
    if form is Format.JSON:
        print_json(
            {"licenses": [shapes.license_row(name, row) for name, report in seen.items() for row in report.licenses]}
        )
        return
    print_table(tables.LICENSE_COLUMNS, tables.license_rows(seen), empty="no license is installed")
