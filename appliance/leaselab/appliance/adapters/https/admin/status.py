"""System > Status: the overview with its graph, date and time, and the users who are on."""

from typing import Final

from starlette.responses import Response

from leaselab.appliance.adapters.https.admin import addresses, chart
from leaselab.appliance.adapters.https.admin.view import Page, View, message_of
from leaselab.appliance.instants import DAY
from leaselab.appliance.licensing.commands import CONCURRENT_USERS, FEATURES, SignOut
from leaselab.appliance.licensing.eventlog import severity_word
from leaselab.appliance.licensing.report import client_standing, compliance_notice, feature_counts
from leaselab.appliance.models.releases import build_of
from leaselab.appliance.models.services import HALTED_ON_LICENSE_SERVER, service_states

_OVERVIEW: Final = ("System", "Status", "Overview")
_ACTIVE_USERS: Final = ("System", "Status", "Active Users")
_CRITICAL: Final = 8
"""Major and above: what the overview lists as critical events."""

_EVENTS_SHOWN: Final = 5


async def overview(view: View) -> Response:
    """Show how the device stands."""
    state, now = view.state, view.now
    services = service_states(license_server=state.is_license_server)
    critical = [line for line in view.node.chronicle.lines() if line.severity >= _CRITICAL][: -_EVENTS_SHOWN - 1 : -1]
    return view.show(
        "status.html",
        critical=[(severity_word(line.severity), line) for line in critical],
        build=build_of(state.parsed_release),
        features=[feature_counts(state, feature, now) for feature in FEATURES],
        notice=compliance_notice(state),
        chart=chart.draw(view.node.chronicle.users(), now=now, span=DAY, limit=state.limit(CONCURRENT_USERS)),
        size=(chart.WIDTH, chart.HEIGHT, chart.LEFT),
        services=[(HALTED_ON_LICENSE_SERVER[key], standing) for key, standing in services.items()],
        client=client_standing(state),
    )


async def date_time(view: View) -> Response:
    """Show the lab's clock; nothing on the device sets it."""
    return view.show("date_time.html")


async def active_users(view: View) -> Response:
    """Show who is signed in, a page at a time."""
    search = view.query("search")
    sessions = [one for one in view.state.sessions.values() if search.lower() in one.user.lower()]
    shown, pager = view.part(sessions)
    return view.show(
        "active_users.html",
        search=search,
        sessions=shown,
        crowd=sum(view.state.crowd.values()),
        **pager,
    )


async def delete_sessions(view: View) -> Response:
    """Sign out the users that were ticked."""
    ended, problems = 0, []
    for session in view.texts("session"):
        problem = message_of(await view.do(SignOut(session=session, by_admin=True)))
        if problem:
            problems.append(problem)
        else:
            ended += 1
    return view.done(" ".join([f"{ended} {'session' if ended == 1 else 'sessions'} ended.", *problems]))


PAGES: Final = (
    Page(_OVERVIEW, overview),
    Page(_OVERVIEW, date_time, address=addresses.DATE_TIME),
    Page(_ACTIVE_USERS, active_users, delete_sessions),
)
