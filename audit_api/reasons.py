"""Why something was blocked or let by, in words for people; every word of the closed set has one."""

from collections.abc import Mapping

from filter_policy.model import Reason

REASONS: Mapping[str, str] = {
    Reason.ILLEGAL: "illegal content",
    Reason.SUSPENDED: "this person is suspended",
    Reason.ENDED: "this account has ended",
    Reason.NOT_YET_ALLOWED: "the agreement is not signed yet",
    Reason.PASSWORD_MUST_CHANGE: "a new password has to be chosen first",
    Reason.LOCKED: "a kind of site that is locked",
    Reason.UNBLOCK: "opened for a lesson",
    Reason.SITE_ALLOWED: "the school allows this site",
    Reason.SITE_BLOCKED: "the school blocks this site",
    Reason.CATEGORY_ALLOWED: "this kind of site is allowed",
    Reason.CATEGORY_NOT_ALLOWED: "this kind of site is not allowed",
    Reason.NOT_AT_THIS_TIME: "not at this time of day",
    Reason.NOT_SELECTED: "only for people who were selected",
    Reason.NEEDS_STAFF_PERMISSION: "needs staff permission",
    Reason.UNLISTED_ALLOWED: "on no list, and allowed",
    Reason.UNLISTED_NOT_ALLOWED: "on no list, and not allowed",
    Reason.NO_RULE: "no rule allows it",
    Reason.NO_CREDENTIALS: "nobody signed in",
    Reason.WRONG_CREDENTIALS: "wrong user name or password",
    Reason.BAD_REQUEST: "not a request that a browser makes",
    Reason.PORT: "a port that the policy does not name",
    Reason.EGRESS: "an address inside the school",
    Reason.NOT_TLS: "a tunnel that is not encrypted",
    Reason.TLS_FAILED: "no trustworthy encryption",
    Reason.UNREACHABLE: "the site did not answer",
    Reason.FAILED_CLOSED: "something went wrong here, so it stayed shut",
    Reason.NEEDS_TLS: "this password is only taken over the secure proxy address",
    Reason.TOO_MANY: "too much at once from one device",
    Reason.TOO_SLOW: "not finished in time",
    Reason.TERM: "words that may not be searched for",
    Reason.PASSTHROUGH: "not decrypted, by the policy",
    Reason.SAFE_HARBOUR: "a place of help, open to everybody",
    Reason.ACCOUNT_SHARED: "one account on several devices at once",
    Reason.GUESSING: "somebody guessed at passwords",
    Reason.ISOLATED: "this device is kept as evidence",
    Reason.INVESTIGATION: "for child protection: two seniors look into a case",
    Reason.REPEATED_BLOCKS: "one person asked again and again for what is not open",
}

VERDICTS: Mapping[str, str] = {"block": "blocked", "allow": "open"}

ONE_CHANGE = "changed from one device to another; a laptop that moves does this"


def noticed(reason: str, rule: str | None, who: str) -> str:
    """What an `event` says. Of guessing `who` is whose account it is: they did nothing."""
    if reason == Reason.ACCOUNT_SHARED and (rule or "").endswith("one change"):
        return ONE_CHANGE
    if reason == Reason.GUESSING and who != "nobody signed in":
        return f"somebody guessed at the password of {who}"
    return REASONS.get(reason, reason.replace("-", " "))


def plainly(answer: str) -> str:
    """Of `block (no-rule)`, as a comparison keeps it: "blocked: no rule allows it"."""
    verdict, _, reason = answer.partition(" (")
    words = REASONS.get(reason.removesuffix(")"))
    if words is None or verdict not in VERDICTS:
        return answer
    return f"{VERDICTS[verdict]}: {words}"
