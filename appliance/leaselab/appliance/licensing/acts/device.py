"""First boot and the device itself: release, mode, network, administrators (PLT, CON, ENF-07)."""

from typing import Final

from leaselab.appliance.instants import Instant
from leaselab.appliance.licensing import client, commands, emergency, standing
from leaselab.appliance.licensing import events as e
from leaselab.appliance.licensing.acts import identity
from leaselab.appliance.licensing.acts.keys import recount
from leaselab.appliance.licensing.acts.tables import Deciders, Evolvers
from leaselab.appliance.licensing.passwords import MAX_PASSWORD, MIN_ADMIN_PASSWORD, hash_password
from leaselab.appliance.licensing.state import ApplianceState
from leaselab.appliance.licensing.users import MAX_USER_NAME, is_user_name
from leaselab.appliance.machine import Decision, Refusal
from leaselab.appliance.models.platforms import MAG, PERSONALITIES
from leaselab.appliance.models.releases import Release, ReleaseError, has_virtual_license_server, matching_release


def _named(state: ApplianceState, text: str) -> Release | Refusal:
    """Read a release, and name it as the device's personality does (PLT-03)."""
    try:
        return matching_release(Release.parse(text), state.personality)
    except ReleaseError as error:
        return Refusal("release", f"{error}; {state.hostname} stays with {state.release}")


def _power_on(state: ApplianceState, command: commands.PowerOn, _now: Instant) -> Decision | Refusal:
    """Start with a release, named as the personality names it (PLT-03); another one than before is an upgrade.

    The release asked for the last time is no wish to leave the one that somebody has rolled back to since.
    """
    release = _named(state, command.release)
    if isinstance(release, Refusal):
        return release
    runs = state.release if str(release) == state.told_release else str(release)
    machine = command.hardware_id or state.hardware_id
    booted = e.Booted(release=runs, secret=command.secret, told=str(release), hardware_id=machine)
    if machine == state.hardware_id:
        return Decision(events=(booted,))
    return Decision(events=(*identity.changed(state, machine), booted), then=(client.Continue(), emergency.Review()))


def _install(state: ApplianceState, command: commands.InstallSoftware, _now: Instant) -> Decision | Refusal:
    """Another release, of this device's personality (PLT-03); it stands until the lab's file names another one."""
    release = _named(state, command.release)
    if isinstance(release, Refusal):
        return release
    if str(release) == state.release:
        return Refusal("same-release", f"the device runs {state.release} already")
    if state.virtual_license_server and not has_virtual_license_server(release, state.personality):
        return Refusal("no-virtual-license-server", f"{release} has no Virtual License Server, which this device is")
    return Decision(events=(e.Booted(release=str(release), secret=state.secret, told=state.told_release),))


def _roll_back(state: ApplianceState, _command: commands.RollBack, _now: Instant) -> Decision | Refusal:
    if not state.rollback:
        return Refusal("no-rollback", "There is no version to roll back to.")
    return Decision(events=(e.Booted(release=state.rollback, secret=state.secret, told=state.told_release),))


def _booted(state: ApplianceState, event: e.Booted, at: Instant) -> None:
    if state.secret and event.release != state.release:
        state.rollback = state.release
    state.hardware_id = event.hardware_id or state.hardware_id
    state.booted_at = at
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


def _save_vlan(state: ApplianceState, command: commands.SaveVlan, _now: Instant) -> Decision | Refusal:
    if any(vlan.vlan_id == command.vlan_id and vlan.name != command.name for vlan in state.vlans.values()):
        return Refusal("invalid", f"VLAN ID {command.vlan_id} is another VLAN's; nothing was changed")
    fields = {name: getattr(command, name) for name in e.VlanSaved.__struct_fields__}
    return Decision(events=(e.VlanSaved(**fields),))


def _vlan_saved(state: ApplianceState, event: e.VlanSaved, _at: Instant) -> None:
    state.vlans[event.name] = event


def _delete_vlan(state: ApplianceState, command: commands.DeleteVlan, _now: Instant) -> Decision | Refusal:
    if command.name not in state.vlans:
        return Refusal("no-vlan", f"there is no VLAN {command.name!r}")
    return Decision(events=(e.VlanDeleted(name=command.name),))


def _vlan_deleted(state: ApplianceState, event: e.VlanDeleted, _at: Instant) -> None:
    del state.vlans[event.name]


def _create_admin(state: ApplianceState, command: commands.CreateAdministrator, now: Instant) -> Decision | Refusal:
    if not is_user_name(command.name) or len(command.password) < MIN_ADMIN_PASSWORD:
        return Refusal(
            "too-short", f"an administrator needs a printable name, and a password of {MIN_ADMIN_PASSWORD} characters"
        )
    if len(command.password) > MAX_PASSWORD:
        return Refusal("too-long", f"a password has at most {MAX_PASSWORD} characters")
    salt = state.derive(f"admin/{command.name}/{now}")
    password_hash = hash_password(command.password, salt, state.password_cost_log2)
    return Decision(events=(e.AdministratorSaved(name=command.name, password_hash=password_hash),))


def _admin_saved(state: ApplianceState, event: e.AdministratorSaved, _at: Instant) -> None:
    state.administrators[event.name] = event.password_hash


def _note_admin(state: ApplianceState, command: commands.NoteAdministrator, _now: Instant) -> Decision:
    if not state.first_boot_done:
        return Decision()
    name = command.name[:MAX_USER_NAME]
    return Decision(events=(e.AdministratorNoted(name=name, source=command.source, admitted=command.admitted),))


def _rest_access(state: ApplianceState, command: commands.SetRestAccess, _now: Instant) -> Decision | Refusal:
    if command.name not in state.administrators:
        return Refusal("no-administrator", f"there is no administrator {command.name!r}")
    if command.allowed == (command.name not in state.no_rest):
        return Decision()
    return Decision(events=(e.RestAccessSet(name=command.name, allowed=command.allowed),))


def _rest_access_set(state: ApplianceState, event: e.RestAccessSet, _at: Instant) -> None:
    if event.allowed:
        state.no_rest.discard(event.name)
    else:
        state.no_rest.add(event.name)


def _delete_admin(state: ApplianceState, command: commands.DeleteAdministrator, _now: Instant) -> Decision | Refusal:
    if command.name not in state.administrators:
        return Refusal("no-administrator", f"there is no administrator {command.name!r}")
    if len(state.administrators) == 1:
        return Refusal("last-administrator", f"{command.name!r} is the only administrator; create another one first")
    return Decision(events=(e.AdministratorDeleted(name=command.name),))


def _admin_deleted(state: ApplianceState, event: e.AdministratorDeleted, _at: Instant) -> None:
    del state.administrators[event.name]
    state.no_rest.discard(event.name)


def _protect(state: ApplianceState, command: commands.ProtectConsole, _now: Instant) -> Decision | Refusal:
    if command.enabled and not state.administrators:
        return Refusal("no-administrator", "There is no administrator who could sign in: create one first.")
    if command.enabled == state.console_protected:
        return Decision()
    return Decision(events=(e.ConsoleProtected(enabled=command.enabled),))


def _protected(state: ApplianceState, event: e.ConsoleProtected, _at: Instant) -> None:
    state.console_protected = event.enabled


def _minimum_tls(state: ApplianceState, command: commands.SetMinimumTls, _now: Instant) -> Decision | Refusal:
    if command.version not in commands.TLS_VERSIONS:
        return Refusal("unknown-version", f"TLS {command.version} is none of {', '.join(commands.TLS_VERSIONS)}")
    if command.version == state.minimum_tls:
        return Decision()
    return Decision(events=(e.MinimumTlsSet(version=command.version),))


def _minimum_tls_set(state: ApplianceState, event: e.MinimumTlsSet, _at: Instant) -> None:
    state.minimum_tls = event.version


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
    commands.SaveVlan: _save_vlan,
    commands.DeleteVlan: _delete_vlan,
    commands.CreateAdministrator: _create_admin,
    commands.NoteAdministrator: _note_admin,
    commands.DeleteAdministrator: _delete_admin,
    commands.SetRestAccess: _rest_access,
    commands.CreateCertificate: _create_certificate,
    commands.FinishFirstBoot: _finish,
    commands.ProtectConsole: _protect,
    commands.SetMinimumTls: _minimum_tls,
    commands.InstallSoftware: _install,
    commands.RollBack: _roll_back,
    commands.ChoosePersonality: _choose_personality,
}

EVOLVERS: Final[Evolvers] = {
    e.Booted: _booted,
    e.IdentityChanged: identity.evolve,
    e.AgreementAccepted: _accepted,
    e.ModeChosen: _mode_chosen,
    e.NetworkSet: _network_set,
    e.VlanSaved: _vlan_saved,
    e.VlanDeleted: _vlan_deleted,
    e.AdministratorSaved: _admin_saved,
    e.AdministratorNoted: lambda state, event, _at: None if event.admitted else state.count("refused_administrators"),
    e.AdministratorDeleted: _admin_deleted,
    e.RestAccessSet: _rest_access_set,
    e.CertificateCreated: _certificate_created,
    e.FirstBootFinished: _finished,
    e.ConsoleProtected: _protected,
    e.MinimumTlsSet: _minimum_tls_set,
    e.PersonalityChosen: _personality_chosen,
}
