"""One file for each noun; those beginning with console_ are its pages.

The order matters where one path could be read as another: a word goes before `{id}`, within its own file.
"""

from audit_api.routes import (
    access,
    changes,
    console_account,
    console_changes,
    console_explain,
    console_filtering_log,
    console_home,
    console_lists,
    console_openings,
    console_people,
    console_policy,
    console_protecting,
    console_reports,
    console_unblocks,
    enrolment,
    explain,
    filtering_log,
    health,
    incidents,
    journal,
    list_proposals,
    lists,
    openings,
    password,
    people,
    policy,
    protecting,
    reference,
    reports,
    session,
    unblocks,
)

API = (
    session,
    enrolment,
    password,
    unblocks,
    openings,
    filtering_log,
    incidents,
    journal,
    reports,
    changes,
    policy,
    people,
    access,
    protecting,
    explain,
    lists,
    list_proposals,
)
MACHINES = (health, reference)
CONSOLE = (
    console_account,
    console_home,
    console_unblocks,
    console_openings,
    console_reports,
    console_filtering_log,
    console_changes,
    console_policy,
    console_protecting,
    console_lists,
    console_people,
    console_explain,
)
ROUTERS = tuple(module.router for module in (*API, *MACHINES, *CONSOLE))
