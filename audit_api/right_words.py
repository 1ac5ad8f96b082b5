"""What each right is, in plain words: a line of the table "who may do what" for every one of them.

Each line names the events of the change log (`change_control/roles.py`) and the routes (`rights.py`, those of
the API and of the console under one name, without /api/v1) that it stands for. Who may do it stands there,
and nowhere here. A test says that none is left out.
"""

from collections.abc import Mapping

# Of each kind of proposal: where its routes are, its events, and what it is called.
KINDS: tuple[tuple[str, str, str], ...] = (
    ("/policy/proposals", "policy", "a change of the policy"),
    ("/lists/proposals", "lists", "a change of the lists"),
    ("/people/proposals", "people", "a change of people, their roles and groups"),
    ("/corrections", "correction", "a correction of whose requests were whose"),
    ("/holds/releases", "hold-release", "the end of a legal hold"),
    ("/erasures", "erasure", "the erasure of somebody's name"),
    ("/disclosures", "disclosure", "a disclosure of what a member of staff browsed"),
    ("/break-glass/proposals", "break-glass", "a new sealed envelope for emergencies"),
)
# What the console calls otherwise than the API.
ALSO: Mapping[str, tuple[str, ...]] = {
    "correction:propose": ("POST /data-protection/corrections",),
    "erasure:propose": ("POST /data-protection/erasures",),
    "hold-release:propose": ("POST /holds/{id}/release", "POST /data-protection/holds/{id}/release"),
}
NO_POST = frozenset({"hold-release"})  # is proposed at the hold


def _proposals() -> dict[str, tuple[str, ...]]:
    lines: dict[str, tuple[str, ...]] = {}
    for at, event, what in KINDS:
        posted = () if event in NO_POST else (f"POST {at}",)
        lines[f"Propose {what}"] = (f"{event}:propose", *posted, *ALSO.get(f"{event}:propose", ()))
        for verb, does in VERBS.items():
            lines[does.format(what)] = (f"{event}:{verb}", f"POST {at}/{{id}}/{verb}")
        lines[f"See proposals for {what}"] = (f"GET {at}", f"GET {at}/{{id}}")
    return lines


VERBS: Mapping[str, str] = {
    "approve": "Agree to {} that somebody else proposed",
    "decline": "Decline {} that somebody else proposed",
    "withdraw": "Take back one's own proposal for {}",
}
WORDS: Mapping[str, tuple[str, ...]] = {
    "Read what was disclosed to oneself of a member of staff": (
        "disclosure:read", "GET /disclosures/{id}/rows", "POST /disclosures/{id}/{verb}",
    ),
    "End a disclosure early": ("disclosure:revoke", "POST /disclosures/{id}/revoke"),
    "Ask for sites to be opened for a lesson": (
        "unblock:propose", "POST /unblocks", "POST /unblocks/check", "GET /unblocks/companions",
        "GET /unblocks/ask", "POST /unblocks/ask", "GET /unblocks/mine",
    ),
    "See requests for sites (teachers: their own), and how they were used": (
        "GET /unblocks", "GET /unblocks/{id}", "GET /unblocks/{id}/use",
    ),
    "Agree to a request for sites that somebody else made": (
        "unblock:approve", "POST /unblocks/{id}/approve",
    ),
    "Decline a request for sites": ("unblock:decline", "POST /unblocks/{id}/decline"),
    "Shut sites again before the lesson is over (teachers: their own)": (
        "unblock:revoke", "POST /unblocks/{id}/revoke",
    ),
    "Take back one's own request for sites": ("unblock:withdraw", "POST /unblocks/{id}/withdraw"),
    "See the requests that wait for an answer": ("GET /unblocks/queue",),
    "See what is open now for lessons, and how long answers took": (
        "GET /unblocks/in-force", "GET /unblocks/figures",
    ),
    "Open for one's own class, for one lesson, what needs staff permission": (
        "opening:open", "POST /openings", "GET /openings",
    ),
    "See what is open for classes": ("GET /api/v1/openings",),
    "Shut what is open for a class (teachers: their own)": ("opening:close", "POST /openings/{id}/close"),
    **_proposals(),
    "Let in an update of the lists that only shuts more": ("lists:confirm",),
    "Go back to earlier lists": ("lists:rollback", "POST /lists/rollback"),
    "Have the lists fetched": ("POST /lists/updates",),
    "Use the sealed envelope where no second person can be reached": (
        "break-glass:use", "POST /break-glass/approve",
    ),
    "Use the sealed envelope to choose a new password (by its code)": (
        "POST /break-glass/code", "GET /break-glass/code",
    ),
    "See whether there is a sealed envelope, and whether it was used": ("GET /break-glass",),
    "Suspend somebody at once": ("person:suspend", "POST /people/{id}/suspend"),
    "End an account at once": ("person:end", "POST /people/{id}/end"),
    "See the people on the register": ("GET /people",),
    "See all that is kept about one person": (
        "person:access", "GET /people/{id}/access", "GET /data-protection/access",
    ),
    "See and answer what concerns data protection": (
        "GET /data-protection", "POST /data-protection/{kind}/{id}/{verb}",
    ),
    "Put what is kept about somebody under a legal hold": (
        "hold:place", "POST /holds", "POST /data-protection/holds",
    ),
    "See the legal holds": ("GET /holds",),
    "See what one person shut at once, and other things to look at": ("GET /reviews", "GET /reviews/{id}"),
    "Sign that one has looked at it (never at one's own)": ("review:sign", "POST /reviews/{id}/sign"),
    "Read the change log and check that it is whole": (
        "GET /changes", "GET /changes/verify", "GET /changes/checkpoints",
        "GET /changes/checkpoints/{size}/qr.svg", "GET /changes/seen", "GET /changes/reviews",
        "GET /changes/reviews/due", "GET /changes/export", "GET /changes/key", "GET /changes/consistency",
        "GET /changes/{seq}/proof",
        "GET /verify", "GET /verify/{name}",
    ),
    "Sign how far one has seen the change log": ("change-log:seen", "POST /changes/seen"),
    "Sign that one has reviewed the change log": ("change-log:review", "POST /changes/reviews"),
    "See who may do what": ("GET /rights",),
    "See the policy in force": ("GET /policy",),
    "See earlier policies": ("GET /policy/history",),
    "Try what a change of the policy would open and shut": ("POST /policy/compare",),
    "See what a proposal would have changed in the last days": (
        "GET /policy/proposals/{id}/preview", "GET /lists/proposals/{id}/preview",
    ),
    "Have that worked out for a proposal": (
        "POST /policy/proposals/{id}/preview", "POST /lists/proposals/{id}/preview",
    ),
    "See the lists in force and earlier ones": (
        "GET /lists", "GET /lists/generations", "GET /lists/updates/current",
    ),
    "Look up a site: in the lists, and why it is blocked": ("GET /lists/lookup", "GET /explain"),
    "See the filtering log (pupils never by name, but for those who may)": (
        "GET /filtering-log", "GET /filtering-log/verify", "GET /retention",
    ),
    "See the filtering log by name, with a purpose that is sealed": ("filtering-log:read",),
    "Take a copy of the filtering log": ("filtering-log:export", "GET /filtering-log/export"),
    "Watch the filtering log as it grows": ("filtering-log:tail", "GET /filtering-log/tail"),
    "See incidents and reports": ("GET /sightings", "GET /reports/month", "GET /reports"),
    "See the incidents that one deals with, and what waits (technicians: technical ones)": (
        "GET /api/v1/incidents", "GET /incidents/queue", "GET /incidents/kinds", "GET /incidents/{id}",
    ),
    "See incidents in numbers, and review the incident log and the change log together": (
        "incident-log:review", "GET /incidents/figures", "GET /incidents/review", "POST /incidents/review",
    ),
    "Open the page about incidents (governors: numbers, and nobody's name)": ("GET /incidents",),
    "Report something; whom it is about never learns who did": (
        "POST /incidents/reports", "GET /incidents/report", "POST /incidents/report",
    ),
    "Report something without signing in": ("GET /report", "POST /report", "GET /report/thanks"),
    "Open an incident by hand": ("POST /incidents", "GET /incidents/new", "POST /incidents/new"),
    "Add a note to an incident that one deals with": ("incident:note", "POST /incidents/{id}/notes"),
    "Sort an incident that one is on, name others to it, and say that it may be illegal": (
        "incident:classify", "incident:join", "incident:leave", "incident:illegal",
        "POST /incidents/{id}/classify", "POST /incidents/{id}/join", "POST /incidents/{id}/leave",
        "POST /incidents/{id}/illegal",
    ),
    "Keep rows of the filtering log as evidence for an incident that one deals with": (
        "incident:evidence", "POST /incidents/{id}/evidence",
    ),
    "Look at the evidence of an incident that one is on (never at what may be illegal), and attach files": (
        "incident:look", "incident:file", "GET /incidents/{id}/evidence/{evidence}",
        "POST /incidents/{id}/files", "GET /incidents/{id}/files/{file}", "GET /incidents/{id}/suggestion",
    ),
    "Note who is told of an incident that one is on, and refer it to the police": (
        "incident:task", "incident:task-done", "incident:refer", "incident:made",
        "POST /incidents/{id}/tasks", "POST /incidents/{id}/tasks/{task}/done", "POST /incidents/{id}/refer",
        "POST /incidents/{id}/referral",
    ),
    "Shut off a device for an incident that one is on, and end looking into it": (
        "incident:isolate", "incident:end", "POST /incidents/{id}/isolate",
        "POST /incidents/{id}/steps/{step}/end",
    ),
    "Sign the steps of an incident that one is on: two seniors for each": (
        "POST /incidents/{id}/mode",
        "incident:ask", "incident:sign", "incident:withdraw", "POST /incidents/{id}/steps",
        "POST /incidents/{id}/steps/{step}/sign", "POST /incidents/{id}/steps/{step}/withdraw",
    ),
    "See what the filter was answered when it asked itself": ("GET /canaries",),
    "See how the record of requests is doing": ("GET /journal",),
    "See what was set aside as damaged, with a purpose that is sealed": ("GET /journal/aside",),
    "Let the recorder go on behind damage": ("journal:release", "POST /journal/releases"),
    "Be told that a site may not be named here": ("illegal-list:probe",),
    "Set up a second factor, or clear one's own with a code of it": (
        "second-factor:set", "second-factor:clear", "GET /second-factor", "POST /second-factor",
        "POST /second-factor/begin", "POST /second-factor/clear",
    ),
    "Make a token for a program, for less than one may oneself, and revoke it": (
        "token:create", "token:revoke", "GET /tokens", "POST /tokens", "DELETE /tokens/{id}",
        "POST /tokens/{id}/revoke",
    ),
    "See where one is signed in, and sign out everywhere": (
        "GET /account", "POST /account/sign-out", "GET /sessions", "DELETE /sessions",
    ),
    "Use the console, with a password of one's own": (
        "GET /", "GET /session", "DELETE /session", "POST /sign-out", "POST /password", "GET /password",
    ),
    "Sign in, or choose a first or a new password": (
        "POST /session", "GET /sign-in", "POST /sign-in", "POST /sign-in/code", "POST /enrolment",
        "GET /enrol", "POST /enrol", "GET /browsing-password", "POST /browsing-password",
    ),
    "Ask whether the services are well (machines do)": ("GET /healthz", "GET /readyz", "GET /metrics"),
    "Find the way to the proxy (devices do)": (
        "GET /proxy.pac",
        "GET /wpad.dat",
        "HEAD /proxy.pac",
        "HEAD /wpad.dat",
    ),
    "Read how the API works": (
        "GET /openapi.json", "GET /docs", "GET /problems/{slug}", "GET /static/{name}",
    ),
}  # fmt: skip
