"""Items 6 to 8 of the main menu: a Super Admin session, system snapshots, and TLS as the device left the factory.

Facts 1.4: their submenus are not published, so these are ours.
"""

from typing import Any, Final

from leaselab.appliance.console.dialogue import Ask, Moment, Turn, confirmed
from leaselab.appliance.console.menu import MENU, invalid
from leaselab.appliance.console.tools import (
    RECOVERY,
    ListSnapshots,
    OpenSuperAdminSession,
    RecoveryToken,
    TakeSnapshot,
)
from leaselab.appliance.instants import Instant, format_duration, format_instant
from leaselab.appliance.licensing.commands import LOWEST_TLS, SetMinimumTls
from leaselab.appliance.models.phases import Phase

_SUPER_ADMIN: Final = "maintenance-6"
_SNAPSHOTS: Final = "maintenance-7"
_ENCRYPTION: Final = "maintenance-8"

_SUPER_ADMIN_TEXT: Final = """
A Super Admin session opens the admin console without an administrator's name
and password, e.g. when all of them are lost.
"""

_SNAPSHOTS_TEXT: Final = """
Please choose from among the following options:
 1. Take a system snapshot
 2. List system snapshots
 <return to go back to main menu>
"""

_ENCRYPTION_TEXT: Final = f"""
Browsers that are refused by the Security page's setting are let in again:
TLS {LOWEST_TLS} and later, with strong ciphers, as the device left the factory.
"""


def _admitted(moment: Moment, reply: RecoveryToken, _interrupted: bool) -> Turn:
    address = moment.facts.admin_url.removesuffix("/admin") + RECOVERY
    return Turn(
        goto=MENU,
        say=f"\nBrowse to {address} within {format_duration(reply.lives)}\nand enter this token: {reply.token}\n",
    )


def _choose(_moment: Moment, answer: str) -> Turn:
    match choice := answer.strip():
        case "":
            return Turn(goto=MENU)
        case "1":
            return Turn(goto=_SNAPSHOTS, commands=(TakeSnapshot(),), refused=_SNAPSHOTS, then=_taken)
        case "2":
            return Turn(goto=_SNAPSHOTS, commands=(ListSnapshots(),), refused=_SNAPSHOTS, then=_listed)
    return Turn(goto=_SNAPSHOTS, say=invalid(choice))


def _taken(_moment: Moment, name: str, _interrupted: bool) -> Turn:
    where = "Maintenance > Troubleshooting > System Snapshot of the admin console"
    return Turn(goto=_SNAPSHOTS, say=f"\nThe snapshot {name} was taken.\nIt can be downloaded at\n{where}.\n")


def _listed(_moment: Moment, rows: tuple[tuple[str, Instant], ...], _interrupted: bool) -> Turn:
    listed = "".join(f"{name:<40}{format_instant(at)}\n" for name, at in rows)
    return Turn(goto=_SNAPSHOTS, say=f"\n{listed or 'There are no snapshots.' + chr(10)}")


def _ask(name: str, heading: str, words: str, judge: Any) -> Ask:
    return Ask(name=name, heading=heading, words=words, judge=judge, phase=Phase.READY, escape=MENU)


ASKS: Final = (
    _ask(
        _SUPER_ADMIN,
        _SUPER_ADMIN_TEXT,
        "Are you sure you want to create a Super Admin session? (y/n) ",
        confirmed(
            _SUPER_ADMIN,
            Turn(goto=MENU, commands=(OpenSuperAdminSession(),), refused=MENU, then=_admitted),
            Turn(goto=MENU),
        ),
    ),
    _ask(_SNAPSHOTS, _SNAPSHOTS_TEXT, "Choice: ", _choose),
    _ask(
        _ENCRYPTION,
        _ENCRYPTION_TEXT,
        "Are you sure you want to reset the allowed encryption strength? (y/n) ",
        confirmed(
            _ENCRYPTION,
            Turn(
                goto=MENU,
                commands=(SetMinimumTls(version=LOWEST_TLS),),
                refused=MENU,
                done="The allowed encryption strength was reset.\n",
            ),
            Turn(goto=MENU),
        ),
    ),
)
