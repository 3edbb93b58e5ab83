"""Everything that can have happened to an appliance: its whole history, and the only thing that changes its state."""

from leaselab.appliance.licensing.events.client import (
    AutoLeaseTaken,
    ConfirmationTaken,
    ContactDue,
    ContactLost,
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
    TenancyEvent,
)
from leaselab.appliance.licensing.events.cluster import (
    BeatsSent,
    BorrowingEnded,
    ClusterEvent,
    ClusterJoined,
    MemberHeard,
    MemberLost,
)
from leaselab.appliance.licensing.events.device import (
    AdministratorDeleted,
    AdministratorNoted,
    AdministratorSaved,
    AgreementAccepted,
    Booted,
    CertificateCreated,
    ConsoleProtected,
    CrowdChanged,
    EmergencySwitched,
    FirstBootFinished,
    IdentityChanged,
    LicenseRecalled,
    LicenseSurrendered,
    MinimumTlsSet,
    ModeChosen,
    NetworkSet,
    PersonalityChosen,
    RestAccessSet,
    SessionOptionsSet,
    SignedIn,
    SignedOut,
    SignInRefused,
    SurrendersConfirmed,
    UserSeen,
    VlanDeleted,
    VlanSaved,
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
    AnswerConfirmed,
    AutoLeaseSwitched,
    ClientConfigurationExpired,
    ClientDeleted,
    ClientRegistered,
    ClientReleased,
    ClientSaved,
    DoubtEnded,
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
    | VlanSaved
    | VlanDeleted
    | AdministratorSaved
    | AdministratorDeleted
    | AdministratorNoted
    | RestAccessSet
    | CertificateCreated
    | ConsoleProtected
    | MinimumTlsSet
    | PersonalityChosen
    | FirstBootFinished
    | IdentityChanged
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
    | EmergencySwitched
    | SignedIn
    | SignedOut
    | SignInRefused
    | UserSeen
    | SessionOptionsSet
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
    | AnswerConfirmed
    | DoubtEnded
    | ClientConfigurationExpired
    | PenaltyBegan
    | PenaltyEnded
    | AutoLeaseSwitched
    | ServerRemoved
    | LeasesTaken
    | TenancyEvent
    | ClusterEvent
)

__all__ = [
    "AdministratorDeleted",
    "AdministratorNoted",
    "AdministratorSaved",
    "AgreementAccepted",
    "AnswerConfirmed",
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
    "ClusterEvent",
    "ClusterJoined",
    "ConfirmationTaken",
    "ConsoleProtected",
    "ContactDue",
    "ContactLost",
    "CrowdChanged",
    "DoubtEnded",
    "DownloadAnswered",
    "DownloadAsked",
    "DownloadsSet",
    "EmergencySwitched",
    "FirstBootFinished",
    "HeartbeatAnswered",
    "HeartbeatMissed",
    "HeartbeatSent",
    "IdentityChanged",
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
    "MinimumTlsSet",
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
    "RestAccessSet",
    "ServerRemoved",
    "ServerSet",
    "ServerSwitched",
    "SessionOptionsSet",
    "SignInRefused",
    "SignedIn",
    "SignedOut",
    "StatePulled",
    "SurrendersConfirmed",
    "SurrendersCounted",
    "TenancyEvent",
    "UserSeen",
    "VlanDeleted",
    "VlanSaved",
]
