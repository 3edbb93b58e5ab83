"""Licensing Summary: installed licenses, keys to add, surrender and recall, emergency mode (KEY, SUR, VLS-11, ICE)."""

from typing import Any, Final

from starlette.responses import Response

from leaselab.appliance.adapters.https.admin import addresses
from leaselab.appliance.adapters.https.admin.view import INVALID, Page, View, message_of
from leaselab.appliance.console.agreement import PAGES as AGREEMENT_PAGES
from leaselab.appliance.licensing import commands, groups
from leaselab.appliance.licensing.report import (
    client_leases,
    compliance_notice,
    emergency_standing,
    feature_counts,
    license_rows,
)
from leaselab.appliance.licensing.skus import known_sku
from leaselab.appliance.machine import Command, Refusal

_WINDOW: Final = ("System", "Configuration", "Licensing", "Licensing Summary")

_ACTS: Final[dict[str, type[commands.Surrender | commands.Recall | commands.DeleteLicense]]] = {
    "surrender": commands.Surrender,
    "recall": commands.Recall,
    "delete": commands.DeleteLicense,
}
_DONE: Final = {
    "surrender": "surrendered; the license server hears of it at the next contact",
    "recall": "recalled; it counts here again once the license server has confirmed",
    "delete": "deleted",
}


async def show(view: View) -> Response:
    """Show what is installed and what it gives."""
    return _page(view)


def _page(view: View, *, keys: str = "", errors: tuple[str, ...] = ()) -> Response:
    state, now = view.state, view.now
    choice = groups.groups(virtual_license_server=state.virtual_license_server) if state.server.enabled else ()
    group = next((one for one in choice if one.family == view.query("group")), None)
    return view.show(
        "summary.html",
        status=INVALID if errors else 200,
        keys=keys,
        errors=errors,
        notice=compliance_notice(state),
        features=[feature_counts(state, feature, now) for feature in commands.FEATURES],
        licenses=_licenses(view, group),
        groups=choice,
        group=group,
        group_counts=groups.counts(state.server, group.family) if group else (),
        surrendered=[(record, one) for record in state.server.clients.values() for one in record.surrendered],
        leases=list(client_leases(state)),
        emergency=emergency_standing(state, now),
    )


def _licenses(view: View, group: groups.Group | None) -> list[dict[str, Any]]:
    """Return the installed licenses with the dates of surrender and recall, which only their owner knows."""
    state = view.state
    return [
        {"row": row, "installed": state.licenses.installed[row.serial]}
        for row in license_rows(state)
        if group is None
        or groups.applies(known_sku(row.sku), group.family, virtual_license_server=state.virtual_license_server)
    ]


async def act(view: View) -> Response:
    """Add keys, or do something with the licenses that were ticked."""
    wanted = view.word("op")
    if wanted == "add":
        return await _add(view)
    if wanted in {"emergency-on", "emergency-off"}:
        return await _set_emergency(view, enabled=wanted == "emergency-on")
    if wanted not in _ACTS:
        return _page(view, errors=("Choose what is to be done by a button of this page.",))
    serials = view.texts("serial")
    if not serials:
        return _page(view, errors=(f"Tick a license first, then choose {wanted.capitalize()}.",))
    return await _each(view, [(serial, _ACTS[wanted](serial=serial)) for serial in serials], _DONE[wanted])


async def _each(view: View, wanted: list[tuple[str, Command]], done: str) -> Response:
    """Take commands one by one; what could be done stays done, and each refusal is shown."""
    errors = []
    for serial, command in wanted:
        problem = message_of(await view.do(command))
        if problem:
            errors.append(problem)
        else:
            view.session.notes = (*view.session.notes, f"License {serial} is {done}.")
    return _page(view, errors=tuple(errors)) if errors else view.done("Saved.", addresses.SUMMARY)


async def _add(view: View) -> Response:
    keys = tuple(view.text("keys").split())
    if not keys:
        return _page(view, errors=("Enter a license key; several are put on lines of their own.",))
    outcomes = await view.do(commands.AddKeys(keys=keys))
    if isinstance(outcomes, Refusal):
        return _page(view, keys=view.text("keys"), errors=(message_of(outcomes),))
    fine = [one.message for one in outcomes if one.result in commands.TAKEN]
    wrong = [one for one in outcomes if one.result not in commands.TAKEN]
    if not wrong:
        return view.done(" ".join(map(_sentence, fine)), addresses.SUMMARY)
    view.session.notes = (*view.session.notes, *map(_sentence, fine))
    return _page(view, keys="\n".join(one.key for one in wrong), errors=tuple(_sentence(one.message) for one in wrong))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


async def _set_emergency(view: View, *, enabled: bool) -> Response:
    problem = message_of(await view.do(commands.SetEmergency(enabled=enabled)))
    if problem:
        return _page(view, errors=(problem,))
    return view.done(f"Emergency mode is {'enabled' if enabled else 'disabled'}.", addresses.SUMMARY)


async def show_agreement(view: View) -> Response:
    """Show the license agreement."""
    return view.show("agreement.html", text="".join(AGREEMENT_PAGES))


async def accept_agreement(view: View) -> Response:
    """Accept it (KEY-04)."""
    await view.do(commands.AcceptAgreement())
    return view.done("The license agreement is accepted.", addresses.SUMMARY)


PAGES: Final = (
    Page(_WINDOW, show, act),
    Page(_WINDOW, show_agreement, accept_agreement, addresses.AGREEMENT),
)
