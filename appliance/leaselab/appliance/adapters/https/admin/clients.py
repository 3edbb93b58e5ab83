"""Configure Clients: the server's role and settings, its client records, and the form of one (SRV)."""

from typing import Any, Final

from starlette.responses import Response

from leaselab.appliance.adapters.https.admin import addresses
from leaselab.appliance.adapters.https.admin.view import INVALID, Page, View, is_whole, message_of
from leaselab.appliance.instants import NEVER, Instant, format_duration, format_instant, parse_duration, parse_instant
from leaselab.appliance.licensing import commands, ledger
from leaselab.appliance.licensing.pools import CLASSES
from leaselab.appliance.licensing.report import client_row
from leaselab.appliance.models.menu import CONFIGURE_CLIENTS
from leaselab.appliance.models.platforms import MAG, PCS, PERSONALITIES, PLATFORMS, PSA, Platform

_LARGEST: Final = 10**9
"""Of a count that is typed; no pool is near it."""

_Values = dict[str, Any]
"""A client's form as it is shown: what is saved, or what was typed."""


# --- the list --------------------------------------------------------------------------------------------------------


async def show(view: View) -> Response:
    """Show role, settings, and the clients that the search finds, a page at a time."""
    server = view.state.server
    values = {
        "enabled": server.enabled,
        "incremental_lease": format_duration(server.incremental_lease),
        "renewal_interval": format_duration(server.renewal_interval),
    }
    return _list(view, values)


def _list(view: View, values: _Values, error: str = "") -> Response:
    search = view.query("search")
    records = [
        record
        for record in view.state.server.clients.values()
        if not record.deleted and (search.lower() in record.id.lower() or search.lower() in record.cluster.lower())
    ]
    shown, pager = view.part(records)
    return view.show(
        "configure_clients.html",
        status=INVALID if error else 200,
        values=values,
        error=error,
        search=search,
        clients=[client_row(view.state, record) for record in shown] if view.state.server.enabled else [],
        platforms=PLATFORMS,
        **pager,
    )


async def act(view: View) -> Response:
    """Save role and settings."""
    values: _Values = {
        "enabled": "enabled" in view.form,
        "incremental_lease": view.word("incremental_lease"),
        "renewal_interval": view.word("renewal_interval"),
    }
    try:
        wanted = commands.SetServerRole(
            enabled=values["enabled"],
            incremental_lease=parse_duration(values["incremental_lease"]),
            renewal_interval=parse_duration(values["renewal_interval"]),
        )
    except ValueError as error:
        return _list(view, values, f"{error}; nothing was saved.")
    problem = message_of(await view.do(wanted))
    return _list(view, values, problem) if problem else view.done("The settings are saved.")


# --- one client ------------------------------------------------------------------------------------------------------


async def show_client(view: View) -> Response:
    """Show the form of a client, or an empty one for a new client."""
    record = _record(view, view.query("id"))
    if record is None and view.query("id"):
        return view.done(f"There is no license client {view.query('id')}.", addresses.CLIENTS)
    return _form(view, record, _saved(view, record))


def _record(view: View, client_id: str) -> ledger.ClientRecord | None:
    record = view.state.server.clients.get(client_id)
    return None if record is None or record.deleted else record


def _saved(view: View, record: ledger.ClientRecord | None) -> _Values:
    """Return what a record says; a new one is for the platform that most are."""
    counts = {}
    for feature in commands.FEATURES:
        one = record.allocations.get(feature) if record is not None else None
        one = one or commands.Allocation()
        counts[feature] = {"reserved": one.reserved, "increment": one.increment, "maximum": one.maximum}
    platform = next(one for one in _platforms(view) if one.family == PSA).key
    return {
        "id": record.id if record is not None else "",
        "expires": "" if record is None or record.expires_at == NEVER else format_instant(record.expires_at),
        "platform": record.platform if record is not None else platform,
        "product": record.product if record is not None else PCS,
        "counts": counts,
    }


def _typed(view: View) -> _Values:
    return {
        "id": view.word("id"),
        "expires": view.word("expires"),
        "platform": view.word("platform"),
        "product": view.word("product"),
        "counts": {
            feature: {name: view.word(f"{feature}.{name}") for name in ("reserved", "increment", "maximum")}
            for feature in commands.FEATURES
        },
    }


def _platforms(view: View) -> list[Platform]:
    """Return the platforms that a client can be of; a Virtual License Server serves no MAG (VLS-10)."""
    return [one for one in PLATFORMS.values() if not (view.state.virtual_license_server and one.family == MAG)]


def _form(view: View, record: ledger.ClientRecord | None, values: _Values, error: str = "") -> Response:
    live = client_row(view.state, record) if record is not None else None
    available = _available(view, record)
    return view.show(
        "client.html",
        status=INVALID if error else 200,
        record=record,
        live=live,
        values=values,
        error=error,
        platforms=_platforms(view),
        personalities=PERSONALITIES,
        available=available,
        left=_left(available, values),
    )


def _available(view: View, record: ledger.ClientRecord | None) -> dict[str, dict[str, int]]:
    """Return by feature and class of client what could be reserved for this one (SRV-05)."""
    server = view.state.server
    return {
        feature: {
            f"{family}/{personality}": ledger.available_for(server, feature, number, besides=record)
            for number, (family, personality) in enumerate(CLASSES)
        }
        for feature in commands.FEATURES
    }


def _left(available: dict[str, dict[str, int]], values: _Values) -> dict[str, int]:
    """Return what stays available once the client's reserved counts, as the form has them, are set aside (SRV-05)."""
    family = PLATFORMS[values["platform"]].family if values["platform"] in PLATFORMS else PSA
    product = values["product"] if values["product"] in PERSONALITIES else PCS
    left = {}
    for feature in commands.FEATURES:
        reserved = str(values["counts"][feature]["reserved"])
        taken = int(reserved) if is_whole(reserved) else 0
        left[feature] = max(0, available[feature][f"{family}/{product}"] - taken)
    return left


async def act_client(view: View) -> Response:
    """Save, delete or release a client, or only recalculate what is available."""
    known = _record(view, view.word("known"))
    if view.word("known") and known is None:
        return view.done(f"There is no license client {view.word('known')} any more.", addresses.CLIENTS)
    match view.word("op"):
        case "recalculate":
            return _form(view, known, _typed(view))
        case "delete" if known is not None:
            return await _delete(view, known)
        case "release" if known is not None:
            problem = message_of(await view.do(commands.ReleaseClient(id=known.id)))
            done = f"Another device may register as {known.id} now."
            return view.done(problem or done, addresses.CLIENT, id=known.id)
    return await _save(view, known)


async def _delete(view: View, known: ledger.ClientRecord) -> Response:
    if "sure" not in view.form:
        return _form(view, known, _saved(view, known), "Tick the box beside Delete to confirm that the client may go.")
    problem = message_of(await view.do(commands.DeleteClient(id=known.id)))
    return view.done(problem or f"License client {known.id} is deleted; its leases run out.", addresses.CLIENTS)


async def _save(view: View, known: ledger.ClientRecord | None) -> Response:
    values = _typed(view)
    try:
        command = commands.SaveClient(
            id=known.id if known is not None else values["id"],
            password=view.text("password"),
            password_again=view.text("password_again"),
            platform=values["platform"],
            product=values["product"],
            allocations=_allocations(values, known),
            expires_at=_expires(values["expires"]),
            new=known is None,
        )
    except ValueError as error:
        return _form(view, known, values, f"{error}; nothing was saved.")
    problem = message_of(await view.do(command))
    if problem:
        return _form(view, known, values, problem)
    reached = "" if known is None else "; the client hears of it at its next renewal"
    return view.done(f"License client {command.id} is saved{reached}.", addresses.CLIENTS)


def _allocations(values: _Values, known: ledger.ClientRecord | None) -> dict[str, commands.Allocation]:
    """Return the counts that were typed; a feature of which nothing was ever given stays out of the record.

    Raises:
        ValueError: a count is no whole number.
    """
    found = {}
    for feature, counts in values["counts"].items():
        numbers = {name: _whole(text, f"{feature}, {name} count") for name, text in counts.items()}
        if any(numbers.values()) or (known is not None and feature in known.allocations):
            found[feature] = commands.Allocation(**numbers)
    return found


def _whole(text: str, what: str) -> int:
    if text and not (is_whole(text) and int(text) <= _LARGEST):
        raise ValueError(f"{what}: {text[:20]!r} is not a whole number from 0 to {_LARGEST:,}")
    return int(text or "0")


def _expires(text: str) -> Instant | None:
    return parse_instant(text) if text else None


PAGES: Final = (
    Page(CONFIGURE_CLIENTS, show, act),
    Page(CONFIGURE_CLIENTS, show_client, act_client, addresses.CLIENT),
)
