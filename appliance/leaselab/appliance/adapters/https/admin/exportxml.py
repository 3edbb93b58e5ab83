"""XML Import/Export: the configuration of the REST API's tree as the product's XML (facts 6.3, 8.2).

Names of the sections are the product's where they are public. Nothing that opens anything is in the file: no password,
no license key. Importing XML is not emulated; the sealed file beside it does that.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from xml.etree import ElementTree as ET

from starlette.responses import Response

from leaselab.appliance.adapters.https.admin import addresses
from leaselab.appliance.adapters.https.admin.view import INVALID, Page, View
from leaselab.appliance.adapters.https.api.tree import Branch, Leaf, tree_of
from leaselab.appliance.instants import NEVER, Instant, as_datetime
from leaselab.appliance.licensing.report import report
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.models.platforms import PCS
from leaselab.appliance.models.releases import vendor_name

_SECTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "chkNetInternal": ("Internal Port", "system/network/internal-port"),
    "chkNetExternal": ("External Port", "system/network/external-port"),
    "chkNetManagement": ("Management Port", "system/network/management-port"),
    "chkClustering": ("Clustering", "system/clustering"),
    "chkNCP": ("NCP", "system/configuration/ncp"),
    "chkSensors": ("Sensors", "system/configuration/sensors"),
    "chkAuthServers": ("Auth. Servers", "authentication/auth-servers"),
    "chkSignIn": ("Signing In", "authentication/signing-in"),
    "chkAdminRealms": ("Admin Realms", "administrators/admin-realms"),
    "chkAdminRoles": ("Admin Roles", "administrators/admin-roles"),
    "chkUserRealms": ("User Realms", "users/user-realms"),
    "chkUserRoles": ("User Roles", "users/user-roles"),
}
"""Check box, its label, and the part of the tree; the first six names are public."""

_LICENSES: Final = "chkLicenses"
_BOXES: Final = {_LICENSES: "Licenses"} | {name: label for name, (label, _) in _SECTIONS.items()}

_ELEMENTS: Final = {"user-realm": "realm", "admin-realm": "realm"}
"""Where the XML names a thing otherwise than REST does."""

_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_NO_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML 1.0 document may have."""


async def show(view: View) -> Response:
    """Show the check boxes."""
    return _page(view)


def _page(view: View, error: str = "") -> Response:
    return view.show(
        "export_xml.html", status=INVALID if error else 200, boxes=_BOXES, error=error, address=addresses.TRANSFER
    )


async def export(view: View) -> Response:
    """Answer with the file that holds what was ticked."""
    ticked = [name for name in _BOXES if view.word(name) == "ON"]
    if not ticked:
        return _page(view, "Tick what is to be exported; nothing was exported.")
    return Response(
        document(view, ticked),
        media_type="application/xml",
        headers={"content-disposition": f'attachment; filename="{view.state.name}-config.xml"'},
    )


def document(view: View, ticked: list[str]) -> bytes:
    """Return the XML of some sections; one that the device does not have, e.g. a license server's, is left out."""
    state = view.state
    root = ET.Element("configuration", {"xmlns": _namespace(state), "xmlns:xsi": _XSI})
    tree = tree_of(view.node)
    for name in ticked:
        if name == _LICENSES:
            _write_licenses(_place(root, "system/configuration/licensing/licenses"), state, view.now)
        else:
            path = _SECTIONS[name][1]
            part = _find(tree, path)
            if part is not None:
                _write(_place(root, path), part)
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _namespace(state: ApplianceState) -> str:
    juniper = vendor_name(state.parsed_release, state.personality) == "Juniper"
    host = "xml.juniper.net" if juniper else "xml.pulsesecure.net"
    return f"http://{host}/{'ive-sa' if state.personality == PCS else 'ive-ic'}/{state.release}"


def _find(tree: Branch, path: str) -> Branch | Leaf | None:
    part: Branch | Leaf | None = tree
    for name in path.split("/"):
        part = part.children.get(name) if isinstance(part, Branch) else None
    return part


def _place(root: ET.Element, path: str) -> ET.Element:
    """Return the element at a path, made where it is not there yet."""
    at = root
    for name in path.split("/"):
        found = at.find(name)
        at = ET.SubElement(at, name) if found is None else found
    return at


def _write(element: ET.Element, part: Branch | Leaf) -> None:
    if isinstance(part, Leaf):
        _write_settings(element, part.settings)
        return
    for name, child in part.children.items():
        if part.element:
            own = ET.SubElement(element, _ELEMENTS.get(part.element, part.element))
            if not (isinstance(child, Leaf) and "name" in child.settings):
                _write_settings(own, {"name": name})
            _write(own, child)
        else:
            _write(ET.SubElement(element, name), child)


def _write_settings(element: ET.Element, settings: Mapping[str, Any]) -> None:
    for name, value in settings.items():
        ET.SubElement(element, name).text = _NO_XML.sub("?", str(value))


def _write_licenses(element: ET.Element, state: ApplianceState, now: Instant) -> None:
    for row in report(state, now).licenses:
        settings = {"serial": row.serial, "sku": row.sku, "count": row.units, "state": row.state}
        _write_settings(ET.SubElement(element, "license"), settings | _term(row.starts_at, row.ends_at))


def _term(starts_at: Instant, ends_at: Instant) -> dict[str, str]:
    return {name: f"{as_datetime(at):%Y-%m-%d}" for name, at in (("start", starts_at), ("end", ends_at)) if at < NEVER}


PAGES: Final = (Page(("Maintenance", "Import/Export", "XML Import/Export"), show),)
