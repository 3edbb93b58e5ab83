"""After first boot: banner, numbered main menu, and the sign-in that can stand before it (facts 1.3, CON-02)."""

from typing import Final

from leaselab.appliance.console.administrator import administrator_asks
from leaselab.appliance.console.dialogue import Ask, Moment, Turn
from leaselab.appliance.console.keyboard import Kind
from leaselab.appliance.licensing.commands import ProtectConsole
from leaselab.appliance.licensing.passwords import verify_password
from leaselab.appliance.models.phases import Phase

IDLE: Final = "idle"
MENU: Final = "menu"
_LOGIN: Final = "login-name"
_LOGIN_PASSWORD: Final = "login-password"  # noqa: S105 - a prompt's name
_FIRST_PUBLISHED: Final = ("7.1", "4.1")
"""Releases whose banner has both factory images of a MAG, and another name for item 7 (facts 1.3)."""


def banner(moment: Moment) -> str:
    """Return banner and main menu."""
    facts = moment.facts
    rollback = f"Rollback version: {facts.rollback}\n" if facts.rollback else ""
    reset = f"Reset version:  {facts.reset_version}\n"
    if facts.images and facts.release.startswith(_FIRST_PUBLISHED):
        versions = [f"{image.release} (build {image.build}) {image.product}" for image in facts.images]
        reset = f"Reset version:  {f'{chr(10):<17}'.join(versions)}\n"
    protected = "On" if facts.console_protected else "Off"
    maintenance = "System Snapshot" if facts.release.startswith(_FIRST_PUBLISHED) else "System Maintenance"
    leave = " <ctrl-c to log out>\n" if facts.console_protected else ""
    return (
        f"\nWelcome to the {facts.vendor} {facts.product} Serial Console!\n\n"
        f"Current version: {facts.version}\n"
        f"{rollback}"
        f"{reset}\n"
        f"Licensing Hardware ID: {facts.hardware_id}\n"
        f"Serial Number: {facts.serial_number}\n\n"
        "Please choose from among the following options:\n"
        "   1. Network Settings and Tools\n"
        "   2. Create admin username and password\n"
        "   3. Display log/status\n"
        "   4. System Operations\n"
        f"   5. Toggle password protection for the console ({protected})\n"
        "   6. Create a Super Admin session.\n"
        f"   7. {maintenance}\n"
        "   8. Reset allowed encryption strength for SSL\n"
        f"{leave}"
    )


def _idle_words(moment: Moment) -> str:
    if moment.facts.first_generation:
        return "\nPress Enter to modify system settings.\n"
    return "\nPress <Enter> to view or update your appliance settings.\n"


def _wake(moment: Moment, key: str) -> Turn:
    if key:
        return Turn(goto=IDLE)
    return Turn(goto=_LOGIN if moment.facts.console_protected else MENU)


def _choose(moment: Moment, answer: str) -> Turn:
    facts = moment.facts
    match choice := answer.strip():
        case "":
            return Turn(goto=MENU)
        case "1":
            return Turn(goto="network-menu")
        case "2":
            return Turn(goto="new-admin-name")
        case "3":
            return Turn(goto="status-menu")
        case "4":
            return Turn(goto="system-menu")
        case "5" if not facts.console_protected and not facts.administrators:
            return Turn(goto=MENU, say="There is no administrator who could sign in: create one first (2).\n")
        case "5":
            return Turn(goto=MENU, commands=(ProtectConsole(enabled=not facts.console_protected),))
        case "6" | "7" | "8":
            return Turn(goto=f"maintenance-{choice}")
    return Turn(goto=MENU, say=invalid(choice))


def invalid(choice: str) -> str:
    """Return what is said of a choice that is not on the menu."""
    return f"{choice!r} is not on the menu: enter one of its numbers.\n"


def _login_name(_moment: Moment, answer: str) -> Turn:
    return Turn(goto=_LOGIN_PASSWORD, keep={"login": answer.strip()})


def _login(moment: Moment, answer: str) -> Turn:
    stored = moment.facts.administrators.get(moment.entered["login"], "")
    if verify_password(answer, stored):
        return Turn(goto=MENU)
    return Turn(goto=IDLE, say="Login incorrect.\n")


ASKS: Final = (
    Ask(name=IDLE, words=_idle_words, judge=_wake, phase=Phase.READY, kind=Kind.KEY, forgets=True),
    Ask(name=_LOGIN, words="\nUsername: ", judge=_login_name, phase=Phase.READY, escape=IDLE),
    Ask(name=_LOGIN_PASSWORD, words="Password: ", judge=_login, phase=Phase.READY, kind=Kind.SECRET, escape=IDLE),
    Ask(
        name=MENU,
        heading=banner,
        words="Choice: ",
        judge=_choose,
        phase=Phase.READY,
        escape=IDLE,
        forgets=True,
    ),
    *administrator_asks(prefix="new-admin-", phase=Phase.READY, after=MENU, escape=MENU),
)
