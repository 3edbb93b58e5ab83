"""The prompts that make an administrator: of first boot, and of the menu."""

from leaselab.appliance.console import checks
from leaselab.appliance.console.dialogue import Ask, Judge, Moment, Turn, again
from leaselab.appliance.console.keyboard import Kind
from leaselab.appliance.licensing.commands import CreateAdministrator
from leaselab.appliance.models.phases import Phase


def administrator_asks(*, prefix: str, phase: Phase, after: str, escape: str = "") -> tuple[Ask, ...]:
    """Return the prompts for name, password and the password again.

    Args:
        prefix: of the prompts' names.
        phase: of the device.
        after: the prompt that follows once the administrator is made.
        escape: where Ctrl-C leads.
    """
    name, password, confirm = (prefix + part for part in ("name", "password", "confirm"))
    return (
        Ask(
            name=name,
            heading="\nPlease create an administrator username and password.\n",
            words="Admin username: ",
            judge=_judge_name(name, password),
            phase=phase,
            escape=escape,
        ),
        Ask(
            name=password,
            words="Password: ",
            judge=_judge_password(password, confirm),
            phase=phase,
            kind=Kind.SECRET,
            escape=escape,
        ),
        Ask(
            name=confirm,
            words="Confirm password: ",
            judge=_judge_confirmation(name, password, after),
            phase=phase,
            kind=Kind.SECRET,
            escape=escape,
        ),
    )


def _judge_name(name: str, following: str) -> Judge:
    def judge(_moment: Moment, answer: str) -> Turn:
        wanted = answer.strip()
        if reason := checks.administrator(wanted):
            return again(name, reason)
        return Turn(goto=following, keep={"admin": wanted})

    return judge


def _judge_password(password: str, following: str) -> Judge:
    def judge(_moment: Moment, answer: str) -> Turn:
        if reason := checks.password(answer):
            return again(password, reason, void=(following,))
        return Turn(goto=following, keep={"password": answer})

    return judge


def _judge_confirmation(name: str, password: str, after: str) -> Judge:
    def judge(moment: Moment, answer: str) -> Turn:
        if answer != moment.entered["password"]:
            return again(password, "The passwords do not match. Please enter them again.")
        return Turn(
            goto=after,
            commands=(CreateAdministrator(name=moment.entered["admin"], password=answer),),
            refused=name,
            done="The administrator was successfully created.\n",
        )

    return judge
