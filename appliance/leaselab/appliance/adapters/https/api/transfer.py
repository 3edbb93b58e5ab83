"""Configuration and licenses in one document: the emulator's export and import, and the product's backup (CFG-02)."""

import base64
import io
import zipfile
from http import HTTPStatus
from typing import Final

from leaselab.appliance.adapters.https.api.operations import Call, Fault, Operation
from leaselab.appliance.adapters.https.api.shapes import Request, Secret, Shape, Text
from leaselab.appliance.licensing.commands import SECTIONS, ExportConfiguration, ImportConfiguration

_MADE: Final = (1980, 1, 1, 0, 0, 0)
"""The date of a backup's entries: the same configuration gives the same bytes."""

_SYSTEM: Final = "system.cfg"
_MAX_BACKUP: Final = 16 * 1024 * 1024


class Password(Request, frozen=True):
    """What the document is sealed with."""

    password: Secret


class Document(Shape, frozen=True):
    """An exported configuration, base64."""

    document: bytes


class Import(Request, frozen=True):
    """A document to take over, base64: all or none of the sections named (CFG-04)."""

    document: str
    password: Secret
    sections: tuple[Text, ...] = SECTIONS


class Imported(Shape, frozen=True):
    """What was taken over, how many things changed, and why licenses were not taken where that is so (CFG-02)."""

    sections: tuple[str, ...]
    changes: int
    ignored: str


async def export_configuration(call: Call) -> Document:
    """Write configuration and licenses into one document (CFG-02)."""
    return Document(document=await call.decide(ExportConfiguration(password=call.body.password)))


async def import_configuration(call: Call) -> Imported:
    """Take an exported document over (CFG-02 to CFG-04)."""
    wanted = call.body
    report = await call.decide(
        ImportConfiguration(document=_bytes(wanted.document), password=wanted.password, sections=wanted.sections)
    )
    return Imported(sections=report.sections, changes=report.changes, ignored=report.ignored)


async def back_up(call: Call) -> str:
    """Back the configuration up: base64 of a ZIP that this device can be restored from."""
    document = await call.decide(ExportConfiguration(password=_own_password(call)))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr(zipfile.ZipInfo(_SYSTEM, _MADE), document)
    return base64.b64encode(archive.getvalue()).decode()


async def restore(call: Call) -> Imported:
    """Restore the configuration from a backup of this device."""
    report = await call.decide(
        ImportConfiguration(document=_document(call.body), password=_own_password(call), sections=SECTIONS)
    )
    return Imported(sections=report.sections, changes=report.changes, ignored=report.ignored)


def _own_password(call: Call) -> str:
    """Return what backups are sealed with: only the device itself, reset or not, can open them."""
    secret: bytes = call.node.device.state.derive("backup")
    return secret.hex()


def _document(text: str) -> bytes:
    """Return the configuration out of a backup."""
    try:
        with zipfile.ZipFile(io.BytesIO(_bytes(text))) as archive, archive.open(_SYSTEM) as entry:
            return entry.read(_MAX_BACKUP)
    except (ValueError, zipfile.BadZipFile, KeyError, EOFError, NotImplementedError, RuntimeError) as error:
        raise Fault(HTTPStatus.UNPROCESSABLE_ENTITY, f"this is no backup: base64 of a ZIP with {_SYSTEM}") from error


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Fault(HTTPStatus.UNPROCESSABLE_ENTITY, f"this is not base64: {error}; nothing was changed") from error


OPERATIONS: Final = (
    Operation("POST", "/license/export", export_configuration, Document, Password),
    Operation("POST", "/license/import", import_configuration, Imported, Import),
    Operation("GET", "/system/binary-configuration", back_up, str),
    Operation("PUT", "/system/binary-configuration", restore, Imported, str),
)
