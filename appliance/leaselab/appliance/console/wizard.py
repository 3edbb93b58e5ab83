"""First boot: every prompt from the welcome to the congratulations, in order (facts 1.2; CON-01, VLS-01)."""

from typing import Final

from leaselab.appliance.console import agreement, checks
from leaselab.appliance.console.administrator import administrator_asks
from leaselab.appliance.console.dialogue import Ask, Effect, Judge, Moment, Turn, again, confirmed, yes_or_no
from leaselab.appliance.console.keyboard import Kind
from leaselab.appliance.console.menu import IDLE
from leaselab.appliance.console.network import network_asks
from leaselab.appliance.licensing.commands import AcceptAgreement, ChooseMode, CreateCertificate, FinishFirstBoot
from leaselab.appliance.models.phases import Phase

FIRST: Final = "proceed"
_AGREEMENT: Final = "accept-license"
_PAGER: Final = "agreement"
_MODE: Final = "virtual-license-server"
_NETWORK: Final = "address"
_COMMON_NAME: Final = "certificate-common-name"
_ORGANIZATION: Final = "certificate-organization"
_RANDOM: Final = "random-text"

_WELCOME: Final = """
Welcome to the initial configuration of your server!

NOTE: Press 'y' if this is a stand-alone server or the first
machine in a clustered configuration.
If this is going to be a member of an already running cluster
press n to reboot. When you see the 'Hit TAB for clustering options'
message press TAB and follow the directions.

"""


def _terms(moment: Moment) -> str:
    return (
        "\nNote that continuing signifies that you accept the terms\n"
        f'of the {moment.facts.vendor} license agreement. Type "r" to read the\n'
        "license agreement (the text is also available at any time\n"
        "from the License tab in the Administrator Console).\n\n"
    )


def _agree(moment: Moment, answer: str) -> Turn:
    if answer.strip().lower() in {"r", "read"}:
        return Turn(goto=_PAGER, keep={"page": "0"})
    match yes_or_no(answer):
        case True:
            following = _MODE if moment.facts.offers_virtual_license_server else _NETWORK
            accepted = () if moment.facts.agreement_accepted else (AcceptAgreement(),)
            return Turn(goto=following, commands=accepted, refused=_AGREEMENT)
        case False:
            said = "The license agreement was declined. System halted; restart the device to see it again.\n"
            return Turn(goto=Phase.HALTED, say=said)
    return again(_AGREEMENT, "Please answer y to accept, n to decline or r to read the agreement.")


def _page(moment: Moment) -> str:
    return f"\n{agreement.PAGES[int(moment.entered['page'])]}\n"


def _turn_page(moment: Moment, key: str) -> Turn:
    page = int(moment.entered["page"]) + 1
    if key.lower() == "q" or page >= len(agreement.PAGES):
        return Turn(goto=_AGREEMENT, say="\n")
    return Turn(goto=_PAGER, say="\n", keep={"page": str(page)})


def _pager_words(moment: Moment) -> str:
    if int(moment.entered["page"]) + 1 < len(agreement.PAGES):
        return "--More-- (any key for the next page, q to leave) "
    return "--End-- (any key to go on) "


def _mode(*, virtual_license_server: bool) -> Turn:
    chosen = ChooseMode(virtual_license_server=virtual_license_server)
    return Turn(goto=_NETWORK, commands=(chosen,), refused=_MODE)


def _certificate_name(name: str, following: str) -> Judge:
    def judge(_moment: Moment, answer: str) -> Turn:
        value = answer.strip()
        if reason := checks.name(value):
            return again(name, reason)
        return Turn(goto=following, keep={name: value})

    return judge


def _certify(moment: Moment, _random_text: str) -> Turn:
    """The device has better randomness than what is typed here, so that is asked for and not used."""
    certificate = CreateCertificate(
        common_name=moment.entered[_COMMON_NAME], organization=moment.entered[_ORGANIZATION]
    )
    return Turn(
        goto=IDLE,
        say="\nCreating self-signed digital certificate - this may take several minutes...\n",
        commands=(certificate, FinishFirstBoot()),
        refused=_COMMON_NAME,
        done=f"The self-signed digital certificate was successfully created.\n{_congratulations(moment)}",
    )


def _congratulations(moment: Moment) -> str:
    mnemonic = moment.facts.product.split()[-2:][0].lower()
    return (
        "\nCongratulations!  You have successfully completed the\n"
        "initial set up of your server.\n\n"
        "To administer the system, please browse to an appropriate URL:\n\n"
        "     https://<Device-IP-Address>/admin (note the 's' in https://)\n"
        "     Example: https://10.10.22.34/admin\n\n"
        "If a DNS name already exists for this device, you can also use:\n\n"
        "     https://<Device-Host-Name>/admin\n"
        f"     Example: https://{mnemonic}.mycompany.com/admin\n\n"
        f"This device: {moment.facts.admin_url}\n"
    )


def _wizard(name: str, words: str, judge: Judge, heading: str = "") -> Ask:
    return Ask(name=name, words=words, judge=judge, phase=Phase.WIZARD, heading=heading)


ASKS: Final = (
    Ask(
        name=FIRST,
        heading=_WELCOME,
        words="Would you like to proceed (y/n)?: ",
        judge=confirmed(
            FIRST,
            Turn(goto=_AGREEMENT),
            Turn(goto=Phase.OFF, say="Rebooting the system\n", effects=(Effect.REBOOT,)),
        ),
        phase=Phase.WIZARD,
        forgets=True,
    ),
    Ask(
        name=_AGREEMENT,
        heading=_terms,
        words="Do you agree to the terms of the license agreement (y/n/r)?: ",
        judge=_agree,
        phase=Phase.WIZARD,
    ),
    Ask(
        name=_PAGER,
        heading=_page,
        words=_pager_words,
        judge=_turn_page,
        phase=Phase.WIZARD,
        kind=Kind.KEY,
        escape=_AGREEMENT,
    ),
    _wizard(
        _MODE,
        "Do you want to enable Virtual License Server (y/n)? ",
        confirmed(_MODE, _mode(virtual_license_server=True), _mode(virtual_license_server=False)),
    ),
    *network_asks(
        prefix="",
        phase=Phase.WIZARD,
        after="admin-name",
        done="\nInitial network configuration complete.\n\nInternal NIC: ....\n",
    ),
    *administrator_asks(prefix="admin-", phase=Phase.WIZARD, after=_COMMON_NAME),
    _wizard(
        _COMMON_NAME,
        "Common name (example: secure.company.com): ",
        _certificate_name(_COMMON_NAME, _ORGANIZATION),
        "\nPlease provide information to create a self-signed Web server\ndigital certificate.\n\n",
    ),
    _wizard(_ORGANIZATION, "Organization name (example: Company Inc.): ", _certificate_name(_ORGANIZATION, _RANDOM)),
    _wizard(
        _RANDOM,
        "Random text (hit enter when done): ",
        _certify,
        "\nPlease enter some random characters to augment the system's\n"
        "random key generator.  We recommend that you enter approximately\n"
        "thirty characters.\n\n",
    ),
)
