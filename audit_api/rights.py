"""Who may use which route: one table, deny by default (S81).

A route without a row is open to nobody, and a test fails. Finer questions (your own requests, not your own
approval) are answered by change_control and by what each route shows.
"""

from collections.abc import Mapping
from typing import Final, Literal

from filter_policy.model import Role

PUBLIC: Final = "public"
Who = frozenset[Role] | Literal["public"]

# A169, S62: technical staff or another designated person agrees.
APPROVING = frozenset({Role.TECHNICIAN, Role.COORDINATOR, Role.HEADTEACHER})
ASKING = APPROVING | {Role.STAFF}
LEADING = frozenset({Role.COORDINATOR, Role.HEADTEACHER})
READING = APPROVING | {Role.GOVERNOR}  # A54: governors monitor filtering and change control logs
SENIOR = LEADING | {Role.STAFF}  # who can be on the case of an incident; which one, each case says
OVERSEEING = LEADING | {Role.GOVERNOR}  # S11, S25: incident logs
CONSOLE = ASKING | READING  # pupils, guests and community users have no console

RIGHTS: Mapping[str, Who] = {
    # The JSON API
    "POST /api/v1/session": PUBLIC,
    "GET /api/v1/session": CONSOLE,
    "DELETE /api/v1/session": CONSOLE,
    "GET /api/v1/sessions": CONSOLE,  # one's own
    "DELETE /api/v1/sessions": CONSOLE,
    "GET /api/v1/second-factor": CONSOLE,
    "POST /api/v1/second-factor/begin": CONSOLE,
    "POST /api/v1/second-factor": CONSOLE,
    "POST /api/v1/second-factor/clear": CONSOLE,  # with a code of it
    "GET /api/v1/tokens": CONSOLE,  # one's own; all, for those who may approve
    "POST /api/v1/tokens": CONSOLE,
    "DELETE /api/v1/tokens/{id}": CONSOLE,
    "POST /api/v1/enrolment": PUBLIC,
    "POST /api/v1/password": CONSOLE,
    "POST /api/v1/browsing-password": PUBLIC,  # the old password is the right
    "GET /api/v1/unblocks": CONSOLE,  # staff see their own
    "POST /api/v1/unblocks": ASKING,
    "POST /api/v1/unblocks/check": ASKING,  # would this class see it?
    "GET /api/v1/unblocks/companions": ASKING,
    "GET /api/v1/unblocks/figures": READING,
    "GET /api/v1/unblocks/{id}": CONSOLE,
    "GET /api/v1/unblocks/{id}/use": CONSOLE,  # staff: of their own
    "POST /api/v1/unblocks/{id}/approve": APPROVING,
    "POST /api/v1/unblocks/{id}/decline": APPROVING,
    "POST /api/v1/unblocks/{id}/revoke": ASKING,  # staff: their own
    "POST /api/v1/unblocks/{id}/withdraw": ASKING,
    "GET /api/v1/openings": CONSOLE,
    "POST /api/v1/openings": ASKING,
    "POST /api/v1/openings/{id}/close": ASKING,  # one's own; any, for those who may approve
    "GET /api/v1/filtering-log": READING,
    "GET /api/v1/filtering-log/export": READING,  # by name: approving roles
    "GET /api/v1/filtering-log/tail": READING,  # as above
    "GET /api/v1/filtering-log/verify": READING,
    "GET /api/v1/retention": READING,
    "GET /api/v1/sightings": READING,  # by name: the coordinator and the headteacher
    "GET /api/v1/incidents": ASKING,  # those that one deals with; technicians: technical ones
    "POST /api/v1/incidents": LEADING,
    "GET /api/v1/incidents/queue": ASKING,
    "GET /api/v1/incidents/kinds": ASKING,
    "GET /api/v1/incidents/{id}": ASKING,
    "POST /api/v1/incidents/{id}/notes": ASKING,
    "POST /api/v1/incidents/{id}/classify": SENIOR,
    "POST /api/v1/incidents/{id}/join": SENIOR,
    "POST /api/v1/incidents/{id}/leave": SENIOR,
    "POST /api/v1/incidents/{id}/illegal": SENIOR,
    "POST /api/v1/incidents/{id}/steps": SENIOR,
    "POST /api/v1/incidents/{id}/steps/{step}/sign": SENIOR,  # never by whoever asked
    "POST /api/v1/incidents/{id}/steps/{step}/withdraw": SENIOR,
    "GET /api/v1/incidents/{id}/suggestion": SENIOR,
    "POST /api/v1/incidents/{id}/evidence": ASKING,
    "GET /api/v1/incidents/{id}/evidence/{evidence}": SENIOR,  # by name, with a purpose
    "POST /api/v1/incidents/{id}/files": SENIOR,
    "GET /api/v1/incidents/{id}/files/{file}": SENIOR,
    "POST /api/v1/incidents/{id}/tasks": SENIOR,
    "POST /api/v1/incidents/{id}/tasks/{task}/done": SENIOR,
    "POST /api/v1/incidents/{id}/isolate": SENIOR,
    "POST /api/v1/incidents/{id}/mode": SENIOR,
    "POST /api/v1/incidents/{id}/steps/{step}/end": SENIOR,
    "POST /api/v1/incidents/{id}/refer": SENIOR,
    "POST /api/v1/incidents/{id}/referral": SENIOR,
    "GET /api/v1/incidents/figures": OVERSEEING,
    "GET /api/v1/incidents/review": OVERSEEING,
    "POST /api/v1/incidents/review": OVERSEEING,  # two of them, up to the same entry
    "POST /api/v1/incidents/reports": CONSOLE,
    "GET /api/v1/canaries": READING,
    "GET /api/v1/reports/month": READING,
    "GET /api/v1/rights": READING,
    "GET /api/v1/journal": READING,
    "GET /api/v1/journal/aside": APPROVING,  # may be somebody's browsing: with a purpose
    "POST /api/v1/journal/releases": APPROVING,
    "GET /api/v1/changes": READING,
    "GET /api/v1/changes/verify": READING,
    "GET /api/v1/changes/checkpoints": READING,
    "GET /api/v1/changes/export": READING,
    "GET /api/v1/changes/key": READING,
    "GET /api/v1/changes/consistency": READING,
    "GET /api/v1/changes/{seq}/proof": READING,
    "GET /api/v1/changes/checkpoints/{size}/qr.svg": READING,
    "GET /api/v1/changes/seen": READING,
    "POST /api/v1/changes/seen": READING,
    "GET /api/v1/changes/reviews": READING,
    "POST /api/v1/changes/reviews": READING,
    "GET /api/v1/changes/reviews/due": READING,
    "GET /api/v1/explain": APPROVING,
    "GET /api/v1/policy": CONSOLE,  # S65: no secret from those who live under it
    "GET /api/v1/policy/history": READING,
    "POST /api/v1/policy/compare": APPROVING,
    "GET /api/v1/policy/proposals": READING,
    "POST /api/v1/policy/proposals": APPROVING,
    "GET /api/v1/policy/proposals/{id}": READING,
    "POST /api/v1/policy/proposals/{id}/approve": APPROVING,
    "POST /api/v1/policy/proposals/{id}/decline": APPROVING,
    "POST /api/v1/policy/proposals/{id}/withdraw": APPROVING,
    "GET /api/v1/policy/proposals/{id}/preview": READING,  # governors: without what few people did
    "POST /api/v1/policy/proposals/{id}/preview": APPROVING,
    "GET /api/v1/people": APPROVING,
    "POST /api/v1/people/{id}/suspend": APPROVING,
    "POST /api/v1/people/{id}/end": APPROVING,
    "GET /api/v1/people/proposals": APPROVING,
    "POST /api/v1/people/proposals": APPROVING,
    "GET /api/v1/people/proposals/{id}": APPROVING,
    "POST /api/v1/people/proposals/{id}/approve": APPROVING,
    "POST /api/v1/people/proposals/{id}/decline": APPROVING,
    "POST /api/v1/people/proposals/{id}/withdraw": APPROVING,
    "GET /api/v1/people/{id}/access": LEADING,  # all that is kept about one person
    "GET /api/v1/corrections": APPROVING,
    "POST /api/v1/corrections": APPROVING,
    "GET /api/v1/corrections/{id}": APPROVING,
    "POST /api/v1/corrections/{id}/approve": APPROVING,
    "POST /api/v1/corrections/{id}/decline": APPROVING,
    "POST /api/v1/corrections/{id}/withdraw": APPROVING,
    "GET /api/v1/holds": APPROVING,
    "POST /api/v1/holds": APPROVING,
    "POST /api/v1/holds/{id}/release": APPROVING,
    "GET /api/v1/holds/releases": APPROVING,
    "GET /api/v1/holds/releases/{id}": APPROVING,
    "POST /api/v1/holds/releases/{id}/approve": APPROVING,
    "POST /api/v1/holds/releases/{id}/decline": APPROVING,
    "POST /api/v1/holds/releases/{id}/withdraw": APPROVING,
    "GET /api/v1/erasures": APPROVING,
    "POST /api/v1/erasures": APPROVING,
    "GET /api/v1/erasures/{id}": APPROVING,
    "POST /api/v1/erasures/{id}/approve": APPROVING,  # who may agree: change_control/roles.py
    "POST /api/v1/erasures/{id}/decline": APPROVING,
    "POST /api/v1/erasures/{id}/withdraw": APPROVING,
    "GET /api/v1/disclosures": SENIOR,  # those that one asked for, or decides
    "POST /api/v1/disclosures": SENIOR,
    "GET /api/v1/disclosures/{id}": SENIOR,
    "GET /api/v1/disclosures/{id}/rows": SENIOR,  # whoever asked, while it is in force
    "POST /api/v1/disclosures/{id}/approve": LEADING,
    "POST /api/v1/disclosures/{id}/decline": LEADING,
    "POST /api/v1/disclosures/{id}/withdraw": SENIOR,
    "POST /api/v1/disclosures/{id}/revoke": LEADING,
    "GET /api/v1/lists": READING,
    "GET /api/v1/lists/generations": READING,
    "GET /api/v1/lists/lookup": APPROVING,  # as explain
    "POST /api/v1/lists/updates": APPROVING,
    "GET /api/v1/lists/updates/current": READING,
    "POST /api/v1/lists/rollback": APPROVING,
    "GET /api/v1/lists/proposals": READING,
    "POST /api/v1/lists/proposals": APPROVING,
    "GET /api/v1/lists/proposals/{id}": READING,
    "POST /api/v1/lists/proposals/{id}/approve": APPROVING,
    "POST /api/v1/lists/proposals/{id}/decline": APPROVING,
    "POST /api/v1/lists/proposals/{id}/withdraw": APPROVING,
    "GET /api/v1/lists/proposals/{id}/preview": READING,  # as above
    "POST /api/v1/lists/proposals/{id}/preview": APPROVING,
    "GET /api/v1/reviews": READING,
    "GET /api/v1/reviews/{id}": READING,
    "POST /api/v1/reviews/{id}/sign": READING,  # never by whoever did it
    "GET /api/v1/break-glass": READING,
    "POST /api/v1/break-glass/approve": APPROVING,
    "POST /api/v1/break-glass/code": PUBLIC,  # the code in the envelope is the right
    "GET /api/v1/break-glass/proposals": READING,
    "POST /api/v1/break-glass/proposals": APPROVING,
    "GET /api/v1/break-glass/proposals/{id}": READING,
    "POST /api/v1/break-glass/proposals/{id}/approve": APPROVING,
    "POST /api/v1/break-glass/proposals/{id}/decline": APPROVING,
    "POST /api/v1/break-glass/proposals/{id}/withdraw": APPROVING,
    # For machines; nothing personal in them
    "GET /healthz": PUBLIC,
    "GET /readyz": PUBLIC,
    "GET /metrics": PUBLIC,
    "GET /openapi.json": PUBLIC,
    "GET /docs": PUBLIC,
    "GET /problems/{slug}": PUBLIC,
    "GET /proxy.pac": PUBLIC,  # devices ask before anybody has signed in
    "GET /wpad.dat": PUBLIC,
    "HEAD /proxy.pac": PUBLIC,
    "HEAD /wpad.dat": PUBLIC,
    "GET /static/{name}": PUBLIC,
    # The console
    "GET /sign-in": PUBLIC,
    "POST /sign-in": PUBLIC,
    "POST /sign-out": CONSOLE,
    "GET /enrol": PUBLIC,
    "POST /enrol": PUBLIC,
    "GET /password": CONSOLE,
    "POST /password": CONSOLE,
    "POST /sign-in/code": PUBLIC,
    "GET /account": CONSOLE,
    "POST /account/sign-out": CONSOLE,  # everywhere
    "GET /second-factor": CONSOLE,
    "POST /second-factor": CONSOLE,
    "POST /second-factor/clear": CONSOLE,
    "GET /tokens": CONSOLE,
    "POST /tokens": CONSOLE,
    "POST /tokens/{id}/revoke": CONSOLE,
    "GET /browsing-password": PUBLIC,
    "POST /browsing-password": PUBLIC,
    "GET /": CONSOLE,
    "GET /unblocks/ask": ASKING,
    "POST /unblocks/ask": ASKING,
    "GET /unblocks/mine": ASKING,
    "GET /unblocks/queue": APPROVING,
    "GET /unblocks/in-force": READING,
    "GET /unblocks/{id}": CONSOLE,
    "GET /unblocks/{id}/use": CONSOLE,  # staff: of their own
    "POST /unblocks/{id}/approve": APPROVING,
    "POST /unblocks/{id}/decline": APPROVING,
    "POST /unblocks/{id}/revoke": ASKING,  # staff: their own
    "POST /unblocks/{id}/withdraw": ASKING,
    "GET /openings": ASKING,
    "POST /openings": ASKING,
    "POST /openings/{id}/close": ASKING,
    "GET /reports": READING,
    "GET /rights": READING,
    "GET /filtering-log": READING,
    "GET /incidents": CONSOLE,  # governors: numbers
    "GET /incidents/new": LEADING,
    "POST /incidents/new": LEADING,
    "GET /incidents/{id}": ASKING,
    "GET /incidents/{id}/evidence/{evidence}": SENIOR,
    "GET /incidents/{id}/files/{file}": SENIOR,
    "POST /incidents/{id}/notes": ASKING,
    "POST /incidents/{id}/evidence": ASKING,
    "POST /incidents/{id}/classify": SENIOR,
    "POST /incidents/{id}/join": SENIOR,
    "POST /incidents/{id}/leave": SENIOR,
    "POST /incidents/{id}/illegal": SENIOR,
    "POST /incidents/{id}/steps": SENIOR,
    "POST /incidents/{id}/steps/{step}/sign": SENIOR,
    "POST /incidents/{id}/steps/{step}/withdraw": SENIOR,
    "POST /incidents/{id}/steps/{step}/end": SENIOR,
    "POST /incidents/{id}/mode": SENIOR,
    "POST /incidents/{id}/files": SENIOR,
    "POST /incidents/{id}/tasks": SENIOR,
    "POST /incidents/{id}/tasks/{task}/done": SENIOR,
    "POST /incidents/{id}/isolate": SENIOR,
    "POST /incidents/{id}/refer": SENIOR,
    "POST /incidents/{id}/referral": SENIOR,
    "GET /sightings": READING,
    "GET /incidents/review": OVERSEEING,
    "POST /incidents/review": OVERSEEING,
    "GET /report": PUBLIC,  # S54: whoever needs help has not signed in
    "POST /report": PUBLIC,
    "GET /report/thanks": PUBLIC,
    "GET /incidents/report": CONSOLE,
    "POST /incidents/report": CONSOLE,
    "GET /canaries": READING,
    "GET /changes": READING,
    "GET /verify": READING,
    "GET /verify/{name}": READING,
    "POST /changes/seen": READING,
    "POST /changes/reviews": READING,
    "GET /explain": APPROVING,
    "GET /reviews": READING,
    "GET /reviews/{id}": READING,
    "POST /reviews/{id}/sign": READING,
    "GET /break-glass": READING,
    "POST /break-glass/approve": APPROVING,
    "GET /break-glass/code": PUBLIC,  # the code in the envelope is the right
    "POST /break-glass/code": PUBLIC,
    "POST /break-glass/proposals": APPROVING,
    "GET /break-glass/proposals/{id}": READING,
    "POST /break-glass/proposals/{id}/approve": APPROVING,
    "POST /break-glass/proposals/{id}/decline": APPROVING,
    "POST /break-glass/proposals/{id}/withdraw": APPROVING,
    "GET /policy": CONSOLE,
    "POST /policy/proposals": APPROVING,
    "GET /policy/proposals/{id}": READING,
    "POST /policy/proposals/{id}/approve": APPROVING,
    "POST /policy/proposals/{id}/decline": APPROVING,
    "POST /policy/proposals/{id}/withdraw": APPROVING,
    "POST /policy/proposals/{id}/preview": APPROVING,
    "GET /lists": READING,
    "POST /lists/updates": APPROVING,
    "POST /lists/rollback": APPROVING,
    "POST /lists/proposals": APPROVING,
    "GET /lists/proposals/{id}": READING,
    "POST /lists/proposals/{id}/approve": APPROVING,
    "POST /lists/proposals/{id}/decline": APPROVING,
    "POST /lists/proposals/{id}/withdraw": APPROVING,
    "POST /lists/proposals/{id}/preview": APPROVING,
    "GET /people": APPROVING,
    "POST /people/{id}/suspend": APPROVING,
    "GET /data-protection": APPROVING,
    "POST /data-protection/corrections": APPROVING,
    "POST /data-protection/holds": APPROVING,
    "POST /data-protection/holds/{id}/release": APPROVING,
    "POST /data-protection/erasures": APPROVING,
    "POST /data-protection/{kind}/{id}/{verb}": APPROVING,
    "GET /data-protection/access": LEADING,
    "GET /disclosures": SENIOR,
    "POST /disclosures": SENIOR,
    "GET /disclosures/{id}": SENIOR,
    "POST /disclosures/{id}/{verb}": SENIOR,
    "POST /people/proposals": APPROVING,
    "GET /people/proposals/{id}": APPROVING,
    "POST /people/proposals/{id}/approve": APPROVING,
    "POST /people/proposals/{id}/decline": APPROVING,
    "POST /people/proposals/{id}/withdraw": APPROVING,
}

# What still works for somebody whose password must be changed first (A89).
BEFORE_PASSWORD_CHANGE = frozenset(
    {
        "GET /api/v1/session",
        "DELETE /api/v1/session",
        "POST /api/v1/password",
        "GET /password",
        "POST /password",
        "POST /sign-out",
    }
)

# Likewise for somebody whom the policy wants a second factor of, and who has none yet.
BEFORE_SECOND_FACTOR = BEFORE_PASSWORD_CHANGE | {
    "GET /api/v1/second-factor",
    "POST /api/v1/second-factor/begin",
    "POST /api/v1/second-factor",
    "GET /second-factor",
    "POST /second-factor",
}

# What change_control does not ask an actor for, so that it is refused here to who signed in while the log was
# damaged: it would outlast that session.
OWN_SECRETS = frozenset(
    {
        *("POST /api/v1/password", "POST /password"),
        *("POST /api/v1/second-factor", "POST /second-factor"),
        *("POST /api/v1/second-factor/clear", "POST /second-factor/clear"),
    }
)


def may(route: str, role: Role | None) -> bool:
    who = RIGHTS.get(route, frozenset())
    return who == PUBLIC or role in who


def is_public(route: str) -> bool:
    return RIGHTS.get(route) == PUBLIC
