"""Configuration and licenses in one document, to take over on this device or another (CFG-02 to CFG-04).

The document is JSON: a label that anybody can read, and a sealed part. Client passwords and password hashes are in it,
so all of it is sealed with a password (scrypt, AES-GCM), the label included against changes. Salt and nonce follow
from the content and the device's secret: they repeat only where the whole content does, and nothing here is random.

What is configured stands there as the commands that an admin would give. Administrators, clusters, leases, sessions,
registrations and the weeks used of an emergency stay with the device. The vendor's own format is not public.
"""

import hashlib
from typing import Final, NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing.commands import Allocation, SetDownloads, SetNetwork, SetServer, SetServerRole
from leaselab.appliance.licensing.events import LicenseInstalled, LicenseRemoved
from leaselab.appliance.licensing.installation import Licenses
from leaselab.appliance.licensing.inventory import Holder, judge_key
from leaselab.appliance.licensing.ledger import ClientRecord
from leaselab.appliance.licensing.skus import known_sku
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Event, Refusal
from leaselab.appliance.models.platforms import PCS
from leaselab.appliance.models.releases import Release, matching_release

FORMAT: Final = "leaselab-configuration"
VERSION: Final = 1

MAX_DOCUMENT: Final = 16 * 1024 * 1024
"""Bytes; ten thousand client records fit many times over."""

NEW_SCHEME_SINCE: Final = Release(8, 0)
OVERWRITES_SINCE: Final = Release(7, 0)
"""CFG-02 and CFG-03, as releases of Connect Secure."""

_COST: Final = 2**14
_BLOCK: Final = 8
"""scrypt's. Dearer than a stored password's (docs/decisions/0007): a document leaves the lab, and is opened once."""

_NONCE: Final = 12
"""Bytes, as AES-GCM has it."""


class Label(msgspec.Struct, frozen=True):
    """What says of a document what it is, whichever version wrote it."""

    format: str
    version: int


class Document(Label, frozen=True):
    """An exported configuration: who wrote it, and the sealed :class:`Configuration`."""

    release: str
    personality: str
    salt: bytes
    nonce: bytes
    sealed: bytes


class ClientEntry(msgspec.Struct, frozen=True):
    """A client record of a license server."""

    id: str
    password_hash: str
    platform: str
    product: str
    allocations: dict[str, Allocation]
    expires_at: Instant

    @staticmethod
    def of(record: ClientRecord) -> "ClientEntry":
        """Return what a record has of configuration."""
        return ClientEntry(**{name: getattr(record, name) for name in ClientEntry.__struct_fields__})


class LicenseEntry(msgspec.Struct, frozen=True):
    """An installed license: its key, which says the rest, and its marks (SUR-02, SUR-03)."""

    key: str
    installed_at: Instant
    surrendered_at: Instant | None = None
    recalled_at: Instant | None = None


class Configuration(msgspec.Struct, frozen=True):
    """What a document holds. ``clients`` counts where ``role`` makes the device a license server."""

    network: tuple[SetNetwork, ...]
    role: SetServerRole
    clients: tuple[ClientEntry, ...]
    server: SetServer | None
    downloads: SetDownloads
    licenses: tuple[LicenseEntry, ...]


class Opened(NamedTuple):
    """A document that was read; ``written_by`` is the writer's release, as one of Connect Secure."""

    personality: str
    written_by: Release
    configuration: Configuration


# --- out -------------------------------------------------------------------------------------------------------------


def export_configuration(state: ApplianceState, password: str) -> bytes | Refusal:
    """Write configuration and licenses into one document, sealed with a password (CFG-02)."""
    if not password:
        return Refusal("no-password", "an exported configuration holds passwords: give one to seal it with")
    return seal(configuration_of(state), state, password)


def configuration_of(state: ApplianceState) -> Configuration:
    """Return what is configured and installed."""
    return Configuration(
        network=tuple(network_of(state).values()),
        role=SetServerRole(
            enabled=state.server.enabled,
            incremental_lease=state.server.incremental_lease,
            renewal_interval=state.server.renewal_interval,
        ),
        clients=tuple(ClientEntry.of(record) for record in state.server.clients.values() if not record.deleted),
        server=server_of(state),
        downloads=downloads_of(state),
        licenses=tuple(
            LicenseEntry(**{name: getattr(one, name) for name in LicenseEntry.__struct_fields__})
            for one in state.licenses.installed.values()
        ),
    )


def network_of(state: ApplianceState) -> dict[str, SetNetwork]:
    """Return by port the command that would give it its addresses."""
    return {port: SetNetwork(**msgspec.structs.asdict(event)) for port, event in state.network.items()}


def server_of(state: ApplianceState) -> SetServer | None:
    """Return the command that would set the device's license server; None where it has none."""
    settings = state.client.settings
    if settings is None:
        return None
    return SetServer(**msgspec.structs.asdict(settings), password_again=settings.password)


def downloads_of(state: ApplianceState) -> SetDownloads:
    """Return the command that would set automatic download."""
    return SetDownloads(enabled=state.downloads_enabled, preferred_network=state.download_network)


def seal(configuration: Configuration, state: ApplianceState, password: str) -> bytes:
    """Return the document of a configuration as this device writes it."""
    content = msgspec.json.encode(configuration)
    digest = hashlib.sha256(content).hexdigest()
    salt, nonce = state.derive(f"export/salt/{digest}"), state.derive(f"export/nonce/{digest}")[:_NONCE]
    document = Document(
        format=FORMAT,
        version=VERSION,
        release=state.release,
        personality=state.personality,
        salt=salt,
        nonce=nonce,
        sealed=b"",
    )
    sealed = AESGCM(_key(password, salt)).encrypt(nonce, content, _label(document))
    return msgspec.json.encode(msgspec.structs.replace(document, sealed=sealed))


def _key(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=_BLOCK, p=1, dklen=32)


def _label(document: Document) -> bytes:
    """Return what of a document is not hidden, yet sealed."""
    return msgspec.json.encode((document.format, document.version, document.release, document.personality))


# --- in --------------------------------------------------------------------------------------------------------------


def unseal(text: bytes, password: str) -> Opened | Refusal:
    """Read a document, or say why that cannot be done."""
    if len(text) > MAX_DOCUMENT:
        return Refusal("too-large", f"a configuration has at most {MAX_DOCUMENT} bytes, this has {len(text)}")
    try:
        label = msgspec.json.decode(text, type=Label)
        if label.format != FORMAT:
            return Refusal("malformed", "this is no exported configuration: choose a file that Export wrote")
        if label.version != VERSION:
            return Refusal(
                "version", f"the file has format version {label.version}, this device reads {VERSION}: export it anew"
            )
        document = msgspec.json.decode(text, type=Document)
        content = AESGCM(_key(password, document.salt)).decrypt(document.nonce, document.sealed, _label(document))
        configuration = msgspec.json.decode(content, type=Configuration)
        written_by = matching_release(Release.parse(document.release), PCS)
    except InvalidTag:
        return Refusal("wrong-password", "the password does not open this file, or the file was changed since")
    except ValueError as error:  # of msgspec, of the cipher, or no release
        return Refusal("malformed", f"this is no exported configuration, or it is damaged: {error}")
    return Opened(document.personality, written_by, configuration)


def takes_licenses(own: Release, written_by: Release) -> bool:
    """Tell whether a device takes the license part of a document (CFG-02, CFG-03).

    From 8.0 on it always does; from 7.0 on only what was written before 8.0, as the new scheme is none of its own.

    Args:
        own: the device's release, as one of Connect Secure.
        written_by: the document's, likewise.
    """
    if own >= NEW_SCHEME_SINCE:
        return True
    return own >= OVERWRITES_SINCE and written_by < NEW_SCHEME_SINCE


def decide_licenses(
    licenses: Licenses, entries: tuple[LicenseEntry, ...], holder: Holder, *, public_key: bytes, now: Instant
) -> tuple[Event, ...] | Refusal:
    """Overwrite permanent licenses with the document's and merge time-based ones, by key (CFG-03).

    A license that is here stays as it is, marks included: what was surrendered since the export counts at the server
    now, and must not count here as well (SUR-04). So a surrendered license is not overwritten either. Keys are judged
    as on the day they were first installed: an import makes no subscription longer.
    """
    wanted = {entry.key for entry in entries}
    kept = {
        one.key: one
        for one in licenses.installed.values()
        if one.key in wanted or one.surrendered_at is not None or not known_sku(one.sku).permanent
    }
    events: list[Event] = [
        LicenseRemoved(serial=one.serial, sku=one.sku) for one in licenses.installed.values() if one.key not in kept
    ]
    for entry in entries:
        if entry.key in kept:
            continue
        judged = judge_key(
            entry.key,
            holder=holder,
            installed=kept.values(),
            public_key=public_key,
            now=min(entry.installed_at, now),
        )
        if isinstance(judged, Refusal):
            return judged
        sku = known_sku(judged.sku)
        if entry.surrendered_at is not None and (sku.feature is None or not sku.permanent):
            return Refusal(
                "malformed", f"license {judged.serial} ({judged.sku}) is none that can have been surrendered"
            )
        marks = {"surrendered_at": entry.surrendered_at, "recalled_at": entry.recalled_at}
        kept[entry.key] = msgspec.structs.replace(judged, **marks)
        events.append(LicenseInstalled(license=kept[entry.key]))
    return tuple(events)
