"""Tokens for programs, as they are shown: never a secret, but once to whoever made it."""

from audit_api.answers import TokenMadeOut, TokenOut
from audit_api.names import Names
from audit_api.problems import Problem
from audit_api.rights import APPROVING
from audit_api.shapes import TokenIn
from audit_api.times import iso, iso_or_none
from audit_api.window import Visit
from audit_log.api_tokens import KeptToken, kept_tokens
from audit_log.db import reading
from change_control.tokens import SCOPES, Wanted, make_token
from filter_policy.model import Role


def scopes_for(role: Role) -> list[str]:
    """Those that somebody with this role may give."""
    return [scope for scope, roles in SCOPES.items() if role in roles]


def tokens_of(visit: Visit, *, of_all: bool = False) -> list[TokenOut]:
    """One's own; those of everybody, for those who may revoke them."""
    if of_all and visit.reader.role not in APPROVING:
        raise Problem("wrong-role")
    with reading(visit.desk.engine) as conn:
        found = kept_tokens(conn, None if of_all else visit.reader.person_id)
        names = Names.of(conn, (each.person_id for each in found), pupils=False)
    return [_shown(each, names, visit) for each in found]


def made_for(visit: Visit, body: TokenIn) -> TokenMadeOut:
    """Raises ChangeError naming every fault."""
    wanted = Wanted(body.name, body.scopes, body.days, body.addresses)
    made = make_token(visit.desk, visit.reader.actor, wanted, visit.now)
    with reading(visit.desk.engine) as conn:
        names = Names.of(conn, [made.kept.person_id], pupils=False)
    return TokenMadeOut(**_shown(made.kept, names, visit).model_dump(), token=made.token)


def _shown(one: KeptToken, names: Names, visit: Visit) -> TokenOut:
    return TokenOut(
        id=one.id,
        name=one.name,
        owner=names.somebody(one.person_id),
        scopes=list(one.scopes),
        addresses=list(one.addresses),
        made_at=iso(one.made_at),
        ends_at=iso(one.ends_at),
        last_used_at=iso_or_none(one.last_used_at),
        ended_at=iso_or_none(one.ended_at),
        works=one.ended_at is None and visit.now < one.ends_at,
    )
