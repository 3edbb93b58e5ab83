"""Switching on: boot options, start-up messages, and the moment in which clustering options are offered (facts 1.1)."""

from typing import Final

from leaselab.appliance.console.dialogue import Ask, Effect, Moment, Phase, Turn, again, yes_or_no
from leaselab.appliance.console.keyboard import Kind

OPTIONS: Final = "boot-options"
CLUSTERING: Final = "clustering"
FACTORY_RESET: Final = "boot-factory-reset"
_WIZARD: Final = "proceed"
_IDLE: Final = "idle"


def _options(moment: Moment) -> str:
    facts = moment.facts
    rollback = f"   2. Rollback version: {facts.rollback}\n" if facts.rollback else ""
    return (
        "\nBoot options:\n"
        f"   1. Current version: {facts.version}\n"
        f"{rollback}"
        f"   3. Factory reset version: {facts.reset_version}\n"
    )


def _choose(moment: Moment, key: str) -> Turn:
    match key.strip():
        case "" | "1":
            return Turn(goto=CLUSTERING, say="\n")
        case "2" if moment.facts.rollback:
            said = "2\nRollback is not emulated: give the node its release in the topology.\n"
            return Turn(goto=OPTIONS, say=said)
        case "3":
            return Turn(goto=FACTORY_RESET, say="3\n")
    return Turn(goto=OPTIONS, say="\n")


def _confirm_reset(_moment: Moment, answer: str) -> Turn:
    match yes_or_no(answer):
        case True:
            return Turn(goto=Phase.OFF, say="Restoring the factory settings\n", effects=(Effect.FACTORY_RESET,))
        case False:
            return Turn(goto=OPTIONS)
    return again(FACTORY_RESET, "Please answer y or n.")


def _starting(moment: Moment) -> str:
    facts = moment.facts
    memory = ".Loading vmmemctl\n" if facts.virtual else ""
    return (
        f"\nStarting system software version {facts.version}\n"
        f"Using driver: {facts.driver}\n"
        "...............................\n"
        f"{memory}"
        f"Licensing Hardware ID: {facts.hardware_id}\n"
        f"About to boot as a stand-alone {facts.product}.\n"
    )


def _start(moment: Moment, key: str) -> Turn:
    if key == "\t":
        said = "\nJoining a cluster from the console is not emulated: name the cluster's members in the topology.\n"
        return Turn(goto=CLUSTERING, say=said)
    services = "\nStarting Core Services\n"
    if not moment.facts.first_boot_done:
        return Turn(goto=_WIZARD, say=services)
    return Turn(goto=_IDLE, say=f"{services}\nDevice Administration: {moment.facts.admin_url}\n")


ASKS: Final = (
    Ask(
        name=OPTIONS,
        heading=_options,
        words="Choose a number, wait or hit Enter to boot the current version.....",
        judge=_choose,
        phase=Phase.BOOTING,
        kind=Kind.KEY,
        pauses=True,
        forgets=True,
    ),
    Ask(
        name=FACTORY_RESET,
        words="A factory reset erases the configuration and all licenses. Go on (y/n)?: ",
        judge=_confirm_reset,
        phase=Phase.BOOTING,
        escape=OPTIONS,
    ),
    Ask(
        name=CLUSTERING,
        heading=_starting,
        words="Hit TAB for clustering options, wait or hit Enter to continue.....",
        judge=_start,
        phase=Phase.BOOTING,
        kind=Kind.KEY,
        pauses=True,
    ),
)
