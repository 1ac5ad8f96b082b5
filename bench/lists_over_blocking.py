"""How much the policy that comes with Schoolgate shuts with every list there is, for a class in a lesson."""

from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from bench.real_lists import popular_hosts, uk_hosts
from filter_lists.index import Index
from filter_policy.model import Policy
from filter_policy.parse import parse_policy
from schoolgate.over_blocking import check, must_stay_open

ROOT = Path(__file__).resolve().parent.parent
GROUP = "upper-ks2"
LESSON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


NOT_CURRENT = ("scale-ut1-ever-malware-phishing.domains", "scale-ut1-ever-malware-phishing.urls")


def report(index: Index) -> None:
    judged = policy(index.categories)
    named = (
        ("sites that must stay open", list(must_stay_open().sites)),
        ("hosts of British schools, councils, hospitals", uk_hosts()),
        ("the 10,000 most popular hosts", popular_hosts()),
    )
    """Without the list of everything that ever was malware: nobody filters by that one."""
    print("\nBlocked by config/policy.yaml, upper key stage 2, in a lesson")
    for name, sites in named:
        found = check(judged, index, sites, LESSON, [GROUP])
        kinds = {each.site: each.category for each in found if each.list_id not in NOT_CURRENT}
        most = ", ".join(f"{kind} {count}" for kind, count in Counter(kinds.values()).most_common(6))
        print(f"  {name}: {len(kinds)} of {len(sites):,}" + (f" ({most})" if most else ""))


def policy(categories: Collection[str] = ()) -> Policy:
    """As it comes, and open for the kinds of site that it has no row for."""
    text = (ROOT / "config" / "policy.yaml").read_text("utf-8")
    others = sorted(set(categories) - parse_policy(text).access.keys())
    rows = "".join(f"  {name}: {{everyone: allowed}}\n" for name in others)
    return parse_policy(text.replace("access:\n", "access:\n" + rows))
