"""Everything that can have happened to an appliance: its whole history, and the only thing that changes its state."""

from leaselab.appliance.licensing.events.client import (
    AutoLeaseTaken,
    ContactDue,
    ContactLost,
    Held,
    Holding,
    LeasesEnded,
    LeasesTaken,
    RegistrationLost,
    RegistrationTaken,
    RequestDenied,
    RequestDropped,
    RequestQueued,
    ServerRemoved,
    ServerSet,
    StatePulled,
)
from leaselab.appliance.licensing.events.cluster import (
    BeatsSent,
    BorrowingEnded,
    ClusterJoined,
    MemberHeard,
    MemberLost,
)
from leaselab.appliance.licensing.events.device import (
    AdministratorSaved,
    AgreementAccepted,
    Booted,
    CertificateCreated,
    ConsoleProtected,
    CrowdChanged,
    EmergencySwitched,
    FirstBootFinished,
    LicenseRecalled,
    LicenseSurrendered,
    ModeChosen,
    NetworkSet,
    PersonalityChosen,
    SignedIn,
    SignedOut,
    SignInRefused,
    SurrendersConfirmed,
)
from leaselab.appliance.licensing.events.keys import (
    DownloadAnswered,
    DownloadAsked,
    DownloadsSet,
    HeartbeatAnswered,
    HeartbeatMissed,
    HeartbeatSent,
    KeyRefused,
    LicenseInstalled,
    LicenseRemoved,
    LicensesChanged,
    LicensingRestored,
    LicensingStopped,
)
from leaselab.appliance.licensing.events.server import (
    AutoLeaseSwitched,
    ClientConfigurationExpired,
    ClientDeleted,
    ClientRegistered,
    ClientReleased,
    ClientSaved,
    LeasePeriodSet,
    LeasesAnswered,
    LeasesReclaimed,
    PenaltyBegan,
    PenaltyEnded,
    RenewalIntervalSet,
    RequestRefused,
    ServerSwitched,
    SurrendersCounted,
)

ApplianceEvent = (
    Booted
    | AgreementAccepted
    | ModeChosen
    | NetworkSet
    | AdministratorSaved
    | CertificateCreated
    | ConsoleProtected
    | PersonalityChosen
    | FirstBootFinished
    | LicenseInstalled
    | LicenseRemoved
    | KeyRefused
    | LicensesChanged
    | DownloadsSet
    | DownloadAsked
    | DownloadAnswered
    | HeartbeatSent
    | HeartbeatAnswered
    | HeartbeatMissed
    | LicensingStopped
    | LicensingRestored
    | LicenseSurrendered
    | LicenseRecalled
    | SurrendersConfirmed
    | SurrendersCounted
    | ClusterJoined
    | BeatsSent
    | MemberHeard
    | MemberLost
    | BorrowingEnded
    | EmergencySwitched
    | SignedIn
    | SignedOut
    | SignInRefused
    | CrowdChanged
    | ServerSwitched
    | LeasePeriodSet
    | RenewalIntervalSet
    | ClientSaved
    | ClientDeleted
    | ClientReleased
    | ClientRegistered
    | RequestRefused
    | LeasesAnswered
    | LeasesReclaimed
    | ClientConfigurationExpired
    | PenaltyBegan
    | PenaltyEnded
    | AutoLeaseSwitched
    | ServerSet
    | ServerRemoved
    | StatePulled
    | ContactDue
    | RequestQueued
    | RequestDropped
    | RegistrationTaken
    | RegistrationLost
    | LeasesTaken
    | RequestDenied
    | ContactLost
    | LeasesEnded
    | AutoLeaseTaken
)

__all__ = [
    "AdministratorSaved",
    "AgreementAccepted",
    "ApplianceEvent",
    "AutoLeaseSwitched",
    "AutoLeaseTaken",
    "BeatsSent",
    "Booted",
    "BorrowingEnded",
    "CertificateCreated",
    "ClientConfigurationExpired",
    "ClientDeleted",
    "ClientRegistered",
    "ClientReleased",
    "ClientSaved",
    "ClusterJoined",
    "ConsoleProtected",
    "ContactDue",
    "ContactLost",
    "CrowdChanged",
    "DownloadAnswered",
    "DownloadAsked",
    "DownloadsSet",
    "EmergencySwitched",
    "FirstBootFinished",
    "HeartbeatAnswered",
    "HeartbeatMissed",
    "HeartbeatSent",
    "Held",
    "Holding",
    "KeyRefused",
    "LeasePeriodSet",
    "LeasesAnswered",
    "LeasesEnded",
    "LeasesReclaimed",
    "LeasesTaken",
    "LicenseInstalled",
    "LicenseRecalled",
    "LicenseRemoved",
    "LicenseSurrendered",
    "LicensesChanged",
    "LicensingRestored",
    "LicensingStopped",
    "MemberHeard",
    "MemberLost",
    "ModeChosen",
    "NetworkSet",
    "PenaltyBegan",
    "PenaltyEnded",
    "PersonalityChosen",
    "RegistrationLost",
    "RegistrationTaken",
    "RenewalIntervalSet",
    "RequestDenied",
    "RequestDropped",
    "RequestQueued",
    "RequestRefused",
    "ServerRemoved",
    "ServerSet",
    "ServerSwitched",
    "SignInRefused",
    "SignedIn",
    "SignedOut",
    "StatePulled",
    "SurrendersConfirmed",
    "SurrendersCounted",
]
