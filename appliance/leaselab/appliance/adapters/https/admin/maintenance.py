"""Maintenance > System: what the device is, restarts, and the change to other software (facts 6.2; ENF-07)."""

from typing import Final, NamedTuple

from starlette.responses import Response

from leaselab.appliance.adapters.https.admin.view import INVALID, Page, View, message_of
from leaselab.appliance.console import Effect
from leaselab.appliance.console.facts import facts_of
from leaselab.appliance.console.tools import Echo, Probe
from leaselab.appliance.licensing.commands import InstallSoftware, RollBack
from leaselab.appliance.machine import Command
from leaselab.appliance.models.releases import Release, build_of, release_of_package
from leaselab.appliance.models.services import HALTED_ON_LICENSE_SERVER, service_states

PEERS_TESTED: Final = 10
"""One after the other; each that does not answer takes a second."""


class Operation(NamedTuple):
    """What a button of the product's Platform page does: a command first, if there is one, then the effect."""

    effect: Effect
    name: str
    said: str
    command: Command | None = None


_REBOOTS: Final = "It answers again when its boot is through."
_OPERATIONS: Final = {
    "btnRestart": Operation(Effect.RESTART_SERVICES, "Restart Services", "Services are restarting."),
    "btnReboot": Operation(Effect.REBOOT, "Reboot", f"The device is rebooting. {_REBOOTS}"),
    "btnShutdown": Operation(
        Effect.SHUTDOWN, "Shut Down", "The device is shutting down. `leaselab start` switches it on."
    ),
    "btnRollback": Operation(
        Effect.REBOOT, "Rollback", f"The device boots the version before. {_REBOOTS}", command=RollBack()
    ),
}
"""By the button's field name."""


def _offered(view: View) -> dict[str, Operation]:
    """Return the buttons of this device: without a version before there is no way back to it."""
    return {field: one for field, one in _OPERATIONS.items() if field != "btnRollback" or view.state.rollback}


async def platform(view: View) -> Response:
    """Show model, serial number and versions, with the buttons that restart."""
    return _platform(view)


def _platform(view: View, error: str = "", heard: tuple[tuple[str, str, Echo], ...] = ()) -> Response:
    state, offered = view.state, _offered(view)
    services = service_states(license_server=state.is_license_server)
    return view.show(
        "platform.html",
        status=INVALID if error else 200,
        error=error,
        heard=heard,
        version=_version(state.release),
        rollback=_version(state.rollback) if state.rollback else "",
        operations=offered,
        asked=offered.get(view.query("op")),
        op=view.query("op"),
        services=[(HALTED_ON_LICENSE_SERVER[key], standing) for key, standing in services.items()],
    )


def _version(release: str) -> str:
    return f"{release} (build {build_of(Release.parse(release))})"


async def operate(view: View) -> Response:
    """Restart, shut down or roll back: asked once more first, and nobody is signed in afterwards."""
    if "btnTest" in view.form:
        return await _test_connectivity(view)
    field = next((field for field in _offered(view) if field in view.form), "")
    if not field:
        return view.done("Choose what is to be done by a button of this page.")
    if "sure" not in view.form:
        return view.done("", op=field)
    wanted = _OPERATIONS[field]
    problem = message_of(await view.do(wanted.command)) if wanted.command is not None else ""
    return _platform(view, problem) if problem else _go_dark(view, wanted.effect, wanted.said)


async def _test_connectivity(view: View) -> Response:
    """Ask the first devices that this one knows whether they answer."""
    peers = list(facts_of(view.state, view.config).peers.items())[:PEERS_TESTED]
    return _platform(
        view, heard=tuple([(name, address, await view.node.act(Probe(address=address))) for name, address in peers])
    )


def _go_dark(view: View, effect: Effect, said: str) -> Response:
    answer = view.show("farewell.html", said=said)
    view.node.forget()
    view.node.take_effect(effect)
    return answer


async def upgrade(view: View) -> Response:
    """Show the version, and the form that installs another."""
    return _upgrade(view)


def _upgrade(view: View, error: str = "") -> Response:
    return view.show(
        "upgrade.html",
        status=INVALID if error else 200,
        error=error,
        version=_version(view.state.release),
        typed=view.word("release"),
    )


async def install(view: View) -> Response:
    """Install the release that is typed, or that the package's file name tells, and reboot."""
    package = view.file_name("package")
    release = view.word("release") or release_of_package(package)
    if not release:
        told = f"The name {package} tells no release" if package else "Type a release or choose a package"
        return _upgrade(view, f"{told}; nothing was installed.")
    problem = message_of(await view.do(InstallSoftware(release=release)))
    if problem:
        return _upgrade(view, problem)
    return _go_dark(view, Effect.REBOOT, f"Release {view.state.release} is installed; the device reboots. {_REBOOTS}")


PAGES: Final = (
    Page(("Maintenance", "System", "Platform"), platform, operate),
    Page(("Maintenance", "System", "Upgrade/Downgrade"), upgrade, install),
)
