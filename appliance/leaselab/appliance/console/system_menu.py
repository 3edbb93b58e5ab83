"""Display log/status, and System Operations (facts 1.4; CON-02, CON-05)."""

from typing import Final

from leaselab.appliance.console.dialogue import Ask, Effect, Moment, Turn, confirmed
from leaselab.appliance.console.menu import MENU, invalid
from leaselab.appliance.licensing.commands import RollBack
from leaselab.appliance.models.phases import Phase

_STATUS: Final = "status-menu"
_SYSTEM: Final = "system-menu"
_LABEL_COLUMNS: Final = 30

_STATUS_TEXT: Final = """
Please choose from among the following options:
 1. Display status
 2. Display the end of the event log
 <return to go back to main menu>
"""


def _system_text(moment: Moment) -> str:
    product = moment.facts.product
    return (
        "\nPlease choose the operation to perform:\n"
        f"   1. Reboot this {product}\n"
        f"   2. Shutdown this {product}\n"
        f"   3. Restart services at this {product}\n"
        f"   4. Rollback this {product}\n"
        f"   5. Factory reset this {product}\n"
        f"   6. Clear all configuration data at this {product}\n"
        " <return to go back to main menu>\n"
    )


def _show(moment: Moment, answer: str) -> Turn:
    facts = moment.facts
    match choice := answer.strip():
        case "":
            return Turn(goto=MENU)
        case "1":
            rows = (
                ("Host name", facts.hostname),
                ("Version", facts.version),
                ("Licensing Hardware ID", facts.hardware_id),
                ("Serial Number", facts.serial_number),
                *facts.status,
            )
            return Turn(
                goto=_STATUS, say="\n" + "".join(f"{label + ':':<{_LABEL_COLUMNS}}{value}\n" for label, value in rows)
            )
        case "2":
            lines = "".join(f"{line}\n" for line in facts.log_tail) or "The event log is empty.\n"
            return Turn(goto=_STATUS, say=f"\n{lines}")
    return Turn(goto=_STATUS, say=invalid(choice))


def _choose(moment: Moment, answer: str) -> Turn:
    match choice := answer.strip():
        case "":
            return Turn(goto=MENU)
        case "4" if not moment.facts.rollback:
            return Turn(goto=_SYSTEM, say="There is no version to roll back to.\n")
        case "1" | "2" | "3" | "4" | "5" | "6":
            return Turn(goto=f"system-{choice}")
    return Turn(goto=_SYSTEM, say=invalid(choice))


def _operation(choice: str, act: str, turn: Turn) -> Ask:
    name = f"system-{choice}"
    return Ask(
        name=name,
        words=lambda moment: f"Are you sure you want to {act.format(product=moment.facts.product)}? (y/n) ",
        judge=confirmed(name, turn, Turn(goto=_SYSTEM)),
        phase=Phase.READY,
        escape=_SYSTEM,
    )


def _dark(said: str, effect: Effect) -> Turn:
    """Return the turn after which nothing answers until the device comes back, if it does."""
    return Turn(goto=Phase.OFF, say=said, effects=(effect,))


_RESTARTING: Final = "Rebooting the system\nRestarting system.\n"

ASKS: Final = (
    Ask(name=_STATUS, heading=_STATUS_TEXT, words="Choice: ", judge=_show, phase=Phase.READY, escape=MENU),
    Ask(name=_SYSTEM, heading=_system_text, words="Choice: ", judge=_choose, phase=Phase.READY, escape=MENU),
    _operation("1", "reboot this {product}", _dark(_RESTARTING, Effect.REBOOT)),
    _operation("2", "shut down this {product}", _dark("Shutting down the system\nPower down.\n", Effect.SHUTDOWN)),
    _operation(
        "3",
        "restart services at this {product}",
        Turn(goto=_SYSTEM, say="Restarting services\n", effects=(Effect.RESTART_SERVICES,)),
    ),
    _operation(
        "4",
        "roll back this {product}",
        Turn(
            goto=Phase.OFF,
            commands=(RollBack(),),
            refused=_SYSTEM,
            done=f"Rolling back to the previous version\n{_RESTARTING}",
            effects=(Effect.REBOOT,),
        ),
    ),
    _operation(
        "5",
        "factory reset this {product}",
        _dark(f"Restoring the factory settings\n{_RESTARTING}", Effect.FACTORY_RESET),
    ),
    _operation(
        "6",
        "reset this {product} configuration",
        _dark(
            "minor - [127.0.0.1] - System()[] - Server configuration reset\n"
            f"Doing a configuration reset\n{_RESTARTING}",
            Effect.CLEAR_CONFIGURATION,
        ),
    ),
)
