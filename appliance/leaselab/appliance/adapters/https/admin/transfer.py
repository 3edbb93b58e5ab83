"""Maintenance > Import/Export > Configuration: one sealed file out, and sections of it in (CFG-02 to CFG-04)."""

from typing import Final

from starlette.responses import Response

from leaselab.appliance.adapters.https.admin import addresses, exportxml
from leaselab.appliance.adapters.https.admin.view import INVALID, Page, View, message_of
from leaselab.appliance.licensing import commands

_WINDOW: Final = ("Maintenance", "Import/Export", "Configuration")


async def show(view: View) -> Response:
    """Show both forms."""
    return _page(view)


def _page(
    view: View, *, export_error: str = "", import_error: str = "", sections: tuple[str, ...] = commands.SECTIONS
) -> Response:
    return view.show(
        "transfer.html",
        status=INVALID if export_error or import_error else 200,
        export_error=export_error,
        import_error=import_error,
        sections=commands.SECTIONS,
        ticked=sections,
        export_address=addresses.EXPORT,
    )


async def export(view: View) -> Response:
    """Answer with the file; the fields are the product's (facts 6.3)."""
    password = view.text("txtPassword")
    if password != view.text("txtPasswordConfirm"):
        return _page(view, export_error="Password and confirmation differ; nothing was exported.")
    document = await view.do(commands.ExportConfiguration(password=password))
    problem = message_of(document)
    if problem:
        return _page(view, export_error=problem)
    name = f"{view.state.name}-system.cfg"
    return Response(
        document,
        media_type="application/octet-stream",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


async def take(view: View) -> Response:
    """Import what was ticked of a file, all or nothing; the product has its XML export at this address as well."""
    if view.query("type") == "exportxml":
        return await exportxml.export(view)
    sections = view.texts("section")
    document = await view.file("file")
    if not document:
        return _page(view, import_error="Choose a file first; nothing was imported.", sections=sections)
    if not sections:
        return _page(view, import_error="Tick what is to be imported; nothing was imported.", sections=sections)
    report = await view.do(
        commands.ImportConfiguration(document=document, password=view.text("txtPassword"), sections=sections)
    )
    problem = message_of(report)
    if problem:
        return _page(view, import_error=problem, sections=sections)
    taken = f"Imported {', '.join(report.sections) or 'nothing'}: {report.changes} changes."
    return view.done(f"{taken} {report.ignored}".strip(), addresses.TRANSFER)


PAGES: Final = (
    Page(_WINDOW, show, take),
    Page(_WINDOW, show, export, addresses.EXPORT),
)
