"""First boot and the device itself: release, mode, network, administrators (PLT, CON, ENF-07)."""

from typing import Final

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing import client, commands, standing
from leaselab.appliance.licensing import events as e
from leaselab.appliance.licensing.acts.keys import recount
from leaselab.appliance.licensing.acts.tables import Deciders, Evolvers
from leaselab.appliance.licensing.passwords import hash_password
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.machine import Decision, Refusal
from leaselab.appliance.models.platforms import MAG, PERSONALITIES
from leaselab.appliance.models.releases import Release, ReleaseError, has_virtual_license_server, matching_release


def _power_on(state: ApplianceState, command: commands.PowerOn, _now: Instant) -> Decision | Refusal:
    """Start with a release, named as the personality names it (PLT-03); another one than before is an upgrade.

    The release asked for the last time is no wish to leave the one that somebody has rolled back to since.
    """
    try:
        release = matching_release(Release.parse(command.release), state.personality)
    except ReleaseError as error:
        return Refusal("release", f"{error}; {state.hostname} stays with {state.release}")
    runs = state.release if str(release) == state.told_release else str(release)
    return Decision(events=(e.Booted(release=runs, secret=command.secret, told=str(release)),))


def _roll_back(state: ApplianceState, _command: commands.RollBack, _now: Instant) -> Decision | Refusal:
    if not state.rollback:
        return Refusal("no-rollback", "There is no version to roll back to.")
    return Decision(events=(e.Booted(release=state.rollback, secret=state.secret, told=state.told_release),))


def _booted(state: ApplianceState, event: e.Booted, at: Instant) -> None:
    if state.secret and event.release != state.release:
        state.rollback = state.release
    state.told_release = event.told or event.release
    state.release = event.release
    state.secret = state.secret or event.secret
    recount(state, at)


def _accept(state: ApplianceState, _command: commands.AcceptAgreement, _now: Instant) -> Decision:
    return Decision() if state.agreement_accepted else Decision(events=(e.AgreementAccepted(),))


def _accepted(state: ApplianceState, _event: e.AgreementAccepted, _at: Instant) -> None:
    state.agreement_accepted = True


def _choose_mode(state: ApplianceState, command: commands.ChooseMode, _now: Instant) -> Decision | Refusal:
    if state.first_boot_done:
        return Refusal("first-boot-only", "the mode is chosen at first boot; factory reset the device to choose again")
    possible = state.platform.virtual and has_virtual_license_server(Release.parse(state.release), state.personality)
    if command.virtual_license_server and not possible:
        return Refusal("not-possible", "only a virtual appliance with Connect Secure 8.3R1 or later can be one")
    return Decision(events=(e.ModeChosen(virtual_license_server=command.virtual_license_server),))


def _mode_chosen(state: ApplianceState, event: e.ModeChosen, at: Instant) -> None:
    state.virtual_license_server = event.virtual_license_server
    recount(state, at)


def _choose_personality(
    state: ApplianceState, command: commands.ChoosePersonality, _now: Instant
) -> Decision | Refusal:
    if state.first_boot_done:
        return Refusal("first-boot-only", "the image is chosen after a factory reset")
    if state.platform.family != MAG or command.personality not in PERSONALITIES:
        return Refusal("no-such-image", f"{state.platform.name} has no factory image {command.personality!r}")
    if command.personality == state.personality:
        return Decision()
    release = matching_release(Release.parse(state.release), command.personality)
    return Decision(events=(e.PersonalityChosen(personality=command.personality, release=str(release)),))


def _personality_chosen(state: ApplianceState, event: e.PersonalityChosen, at: Instant) -> None:
    state.personality, state.release, state.told_release = event.personality, event.release, event.release
    recount(state, at)


def _set_network(_state: ApplianceState, command: commands.SetNetwork, _now: Instant) -> Decision | Refusal:
    if command.port not in client.NETWORKS:
        return Refusal("unknown-port", f"there is no port {command.port!r}; ports are {', '.join(client.NETWORKS)}")
    fields = {name: getattr(command, name) for name in e.NetworkSet.__struct_fields__}
    return Decision(events=(e.NetworkSet(**fields),))


def _network_set(state: ApplianceState, event: e.NetworkSet, _at: Instant) -> None:
    state.network[event.port] = event


MIN_ADMIN_PASSWORD: Final = 6
"""Facts 1.2: shorter ones are refused at the console."""


def _create_admin(state: ApplianceState, command: commands.CreateAdministrator, now: Instant) -> Decision | Refusal:
    if not command.name or len(command.password) < MIN_ADMIN_PASSWORD:
        return Refusal("too-short", f"an administrator needs a name, and a password of {MIN_ADMIN_PASSWORD} characters")
    salt = state.derive(f"admin/{command.name}/{now}")
    return Decision(
        events=(e.AdministratorSaved(name=command.name, password_hash=hash_password(command.password, salt)),)
    )


def _admin_saved(state: ApplianceState, event: e.AdministratorSaved, _at: Instant) -> None:
    state.administrators[event.name] = event.password_hash


def _protect(state: ApplianceState, command: commands.ProtectConsole, _now: Instant) -> Decision | Refusal:
    if command.enabled and not state.administrators:
        return Refusal("no-administrator", "There is no administrator who could sign in: create one first.")
    if command.enabled == state.console_protected:
        return Decision()
    return Decision(events=(e.ConsoleProtected(enabled=command.enabled),))


def _protected(state: ApplianceState, event: e.ConsoleProtected, _at: Instant) -> None:
    state.console_protected = event.enabled


def _create_certificate(_state: ApplianceState, command: commands.CreateCertificate, _now: Instant) -> Decision:
    return Decision(events=(e.CertificateCreated(common_name=command.common_name, organization=command.organization),))


def _certificate_created(state: ApplianceState, event: e.CertificateCreated, _at: Instant) -> None:
    state.certificate_name = event.common_name


def _finish(state: ApplianceState, _command: commands.FinishFirstBoot, _now: Instant) -> Decision | Refusal:
    if not state.agreement_accepted:
        return Refusal("agreement", "first boot cannot be finished before the license agreement is accepted")
    return Decision() if state.first_boot_done else Decision(events=(e.FirstBootFinished(),))


def _finished(state: ApplianceState, _event: e.FirstBootFinished, at: Instant) -> None:
    state.first_boot_done = True
    if state.virtual_license_server:
        standing.begin(state.standing, state.agenda, at)


DECIDERS: Final[Deciders] = {
    commands.PowerOn: _power_on,
    commands.AcceptAgreement: _accept,
    commands.ChooseMode: _choose_mode,
    commands.SetNetwork: _set_network,
    commands.CreateAdministrator: _create_admin,
    commands.CreateCertificate: _create_certificate,
    commands.FinishFirstBoot: _finish,
    commands.ProtectConsole: _protect,
    commands.RollBack: _roll_back,
    commands.ChoosePersonality: _choose_personality,
}

EVOLVERS: Final[Evolvers] = {
    e.Booted: _booted,
    e.AgreementAccepted: _accepted,
    e.ModeChosen: _mode_chosen,
    e.NetworkSet: _network_set,
    e.AdministratorSaved: _admin_saved,
    e.CertificateCreated: _certificate_created,
    e.FirstBootFinished: _finished,
    e.ConsoleProtected: _protected,
    e.PersonalityChosen: _personality_chosen,
}
