"""How the acts are told apart: which function decides a command, and which applies an event."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Command, Decision, Event, Refusal

Deciders: TypeAlias = Mapping[type[Command], Callable[[ApplianceState, Any, Instant], Decision | Refusal]]
Evolvers: TypeAlias = Mapping[type[Event], Callable[[ApplianceState, Any, Instant], None]]
