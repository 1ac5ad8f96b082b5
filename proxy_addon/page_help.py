"""What a block page offers whoever reads it: to tell somebody what happened, and whom to ring.

The link leads to the console's own page, which needs no account, with the reference of the block: so nobody
has to say again what it was. Helplines are the policy's places of help; they stand where one may be needed.
"""

import html
from urllib.parse import quote

from filter_policy.model import Decision, Policy, Reason, SafeHarbour

# Kinds of site that are about the reader's own wellbeing, as lists call them.
WELLBEING = frozenset(
    {"self-harm", "suicide", "eating-disorders", "drugs", "bullying", "cyber-bullying", "abuse", "grooming"}
)
MOST_LINES = 8
UPSET = "Tell a teacher if you are upset."  # the youngest's twelve words have this among them
TALK = (
    "You can talk to somebody. These are always open to you, and the school is not told that you went there:"
)
REPORT = "Tell an adult / Report this"


def report_address(console: str, reference: str) -> str:
    """Empty where nobody knows the console's address, or there is nothing to report."""
    if not reference or not console.startswith(("https://", "http://")):
        return ""
    return html.escape(f"{console.rstrip('/')}/report?ref={quote(reference, safe='')}", quote=True)


def report_words(console: str, reference: str) -> dict[str, str]:
    """What the templates have places for."""
    address = report_address(console, reference)
    if not address:
        return {"report": "", "tell": UPSET}
    return {
        "report": f'<p><a href="{address}" target="_top">{REPORT}</a></p>',
        "tell": f'<a href="{address}" target="_top">{UPSET}</a>',
    }


def helplines(decision: Decision, policy: Policy) -> str:
    """Those with a telephone first."""
    about = decision.listing is not None and decision.listing.category in WELLBEING
    if not policy.safe_harbour or not (about or decision.reason is Reason.SUSPENDED):
        return ""
    ordered = sorted(policy.safe_harbour, key=lambda each: not each.telephone)[:MOST_LINES]
    lines = "\n".join(map(_line, ordered))
    return f"<p>{TALK}</p>\n<ul>\n{lines}\n</ul>"


def _line(harbour: SafeHarbour) -> str:
    name, host = html.escape(harbour.name), html.escape(harbour.site.host, quote=True)
    telephone = f", {html.escape(harbour.telephone)}" if harbour.telephone else ""
    return f'<li><a href="https://{host}/">{name}</a>{telephone}</li>'
