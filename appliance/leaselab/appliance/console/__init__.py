"""The serial console as a pure dialogue: boot, first-boot wizard, menu. The line it runs on is adapters/serial.py."""

from leaselab.appliance.console.answers import given_answers
from leaselab.appliance.console.dialogue import Effect, Keys, Outcome, PauseOver, PowerOn, Screen, Step
from leaselab.appliance.console.facts import Facts, PortFacts
from leaselab.appliance.console.screens import step
from leaselab.appliance.console.tools import Errand
from leaselab.appliance.models.phases import Phase

__all__ = [
    "Effect",
    "Errand",
    "Facts",
    "Keys",
    "Outcome",
    "PauseOver",
    "Phase",
    "PortFacts",
    "PowerOn",
    "Screen",
    "Step",
    "given_answers",
    "step",
]
