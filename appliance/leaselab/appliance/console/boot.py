"""Switching on: boot options, start-up messages, and the moment in which clustering options are offered (facts 1.1)."""

from typing import Final

from leaselab.appliance.console.dialogue import Ask, Effect, Moment, Turn, again, confirmed
from leaselab.appliance.console.keyboard import Kind
from leaselab.appliance.console.menu import IDLE
from leaselab.appliance.console.wizard import FIRST
from leaselab.appliance.licensing.commands import ChoosePersonality, JoinCluster, RollBack
from leaselab.appliance.models.phases import Phase

OPTIONS: Final = "boot-options"
CLUSTERING: Final = "clustering"
IMAGE: Final = "factory-image"
_CLUSTER: Final = "cluster-name"
_MEMBERS: Final = "cluster-members"
FACTORY_RESET: Final = "boot-factory-reset"


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
            return Turn(goto=CLUSTERING, say="2\n", commands=(RollBack(),), refused=OPTIONS)
        case "3":
            return Turn(goto=FACTORY_RESET, say="3\n")
    return Turn(goto=OPTIONS, say="\n")


def _images(moment: Moment) -> str:
    listed = "".join(
        f"[{number}] {image.product} {image.release} (Build {image.build})\n"
        for number, image in enumerate(moment.facts.images, start=1)
    )
    return f"\nPlease choose from among the following factory-reset personality images:\n\n{listed}\n"


def _choose_image(moment: Moment, answer: str) -> Turn:
    images = {str(number): image for number, image in enumerate(moment.facts.images, start=1)}
    by_personality = {image.personality: image for image in moment.facts.images}  # as a topology answers ahead
    image = images.get(answer.strip()) or by_personality.get(answer.strip())
    if image is None:
        return again(IMAGE, f"Enter one of the numbers {', '.join(images)}.")
    return Turn(goto=OPTIONS, commands=(ChoosePersonality(personality=image.personality),), refused=IMAGE)


def _starting(moment: Moment) -> str:
    facts = moment.facts
    standing = f"a member of cluster {facts.cluster}," if facts.cluster else "a stand-alone"
    memory = ".Loading vmmemctl\n" if facts.virtual else ""
    return (
        f"\nStarting system software version {facts.version}\n"
        f"Using driver: {facts.driver}\n"
        "...............................\n"
        f"{memory}"
        f"Licensing Hardware ID: {facts.hardware_id}\n"
        f"About to boot as {standing} {facts.product}.\n"
    )


def _start(moment: Moment, key: str) -> Turn:
    if key == "\t":
        return Turn(goto=_CLUSTER, say="\n")
    services = "\nStarting Core Services\n"
    if not moment.facts.first_boot_done:
        return Turn(goto=FIRST, say=services)
    return Turn(goto=IDLE, say=f"{services}\nDevice Administration: {moment.facts.admin_url}\n")


def _name_cluster(_moment: Moment, answer: str) -> Turn:
    name = answer.strip()
    if not name:
        return Turn(goto=CLUSTERING, bare=True)
    return Turn(goto=_MEMBERS, keep={"cluster": name})


def _join(moment: Moment, answer: str) -> Turn:
    name, members = moment.entered["cluster"], tuple(answer.replace(",", " ").split())
    return Turn(
        goto=CLUSTERING,
        commands=(JoinCluster(name=name, members=members),),
        refused=_CLUSTER,
        done=f"This device is a member of cluster {name}.\n",
        bare=True,
    )


ASKS: Final = (
    Ask(name=IMAGE, heading=_images, words="Choice: ", judge=_choose_image, phase=Phase.BOOTING),
    Ask(
        name=_CLUSTER,
        heading="Join a running cluster: every member is told of all members, in the same order.\n",
        words="Cluster name (Enter for none): ",
        judge=_name_cluster,
        phase=Phase.BOOTING,
        escape=CLUSTERING,
    ),
    Ask(
        name=_MEMBERS,
        words="Names of its members, this device's among them: ",
        judge=_join,
        phase=Phase.BOOTING,
        escape=CLUSTERING,
    ),
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
        judge=confirmed(
            FACTORY_RESET,
            Turn(goto=Phase.OFF, say="Restoring the factory settings\n", effects=(Effect.FACTORY_RESET,)),
            Turn(goto=OPTIONS),
        ),
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
