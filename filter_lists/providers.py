"""Who has lists of illegal content, what a school must arrange to get one, and whether it has (D10, I1).

None of these lists is public, and no program can give a school the right to one. So each is named here with
what is missing, and stands as "no licensed list installed" until lists.yaml names it as the `provider` of a
sealed list that is in force. That it has the right to it, the school says: no program can check it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Protocol

from filter_lists.lists_model import ListConfig
from filter_lists.sealed import HasLists

if TYPE_CHECKING:
    from filter_lists.fetching import Asking, Fetched, NotModified

NOT_INSTALLED = "no licensed list installed"


@dataclass(frozen=True, slots=True)
class Provider:
    """`category`: ours, for what is on its list. `arrange`: what the school must do to get it."""

    name: str
    title: str
    category: str
    arrange: str
    licence: str = "by agreement, confidential"
    licensed: bool = True


PROVIDERS = {
    each.name: each
    for each in (
        Provider(
            "iwf",
            "Internet Watch Foundation: web addresses of child sexual abuse images",
            "child-sexual-abuse",
            "membership of the Foundation, or a licence through a member; the list is renewed twice a day",
        ),
        Provider(
            "iwf-npi",
            "Internet Watch Foundation: drawings and made images of child sexual abuse",
            "child-sexual-abuse",
            "the same membership; it is a list of its own",
        ),
        Provider(
            "ctiru",
            "Counter Terrorism Internet Referral Unit: unlawful terrorist content, assessed by the police",
            "terrorism",
            "an agreement with the Home Office, which as a rule is made with makers of filters",
        ),
        Provider(
            "pipcu",
            "Police Intellectual Property Crime Unit: sites that infringe copyright",
            "piracy",
            "an agreement with the City of London Police",
        ),
        Provider(
            "c3p",
            "Canadian Centre for Child Protection: web addresses of child sexual abuse images",
            "child-sexual-abuse",
            "an agreement with the Centre",
        ),
        Provider(
            "test",
            "Made-up addresses, to see that the way works",
            "child-sexual-abuse",
            "nothing: it protects nobody",
            "public",
            licensed=False,
        ),
    )
}


class IllegalListProvider(Protocol):
    """Hands a list over, and that is all: one address to a line (host, host/path, host/path?query).

    What it hands over is sealed in memory (`sealing.py`). There is no way to list, change, switch off or open
    an entry, here or behind it.
    """

    @property
    def provider(self) -> str:
        """A name in PROVIDERS; empty where lists.yaml names none."""

    def fetch(self, into: IO[bytes], asking: "Asking") -> "Fetched | NotModified":
        """Raises FetchError, also past the limits of `asking`; then nothing of it is used."""


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """`lists`: (list_id, entries) of those in force. `says`: the same in words."""

    name: str
    title: str
    category: str
    licence: str
    licensed: bool
    lists: tuple[tuple[str, int], ...]
    says: str

    @property
    def installed(self) -> bool:
        return self.licensed and bool(self.lists)


def provider_status(configured: Iterable[ListConfig], index: HasLists) -> tuple[ProviderStatus, ...]:
    """Of every provider, and of sealed lists of none. `index` is in force, and `configured` its text."""
    named = {each.list_id: each.provider for each in configured}
    found: dict[str, list[tuple[str, int]]] = {name: [] for name in PROVIDERS}
    for each in index.lists:
        if each.sealed and each.entries:
            found.setdefault(named.get(each.list_id, ""), []).append((each.list_id, each.entries))
    told = [_status(PROVIDERS[name], tuple(lists)) for name, lists in found.items() if name in PROVIDERS]
    others = tuple(pair for name, lists in found.items() if name not in PROVIDERS for pair in lists)
    return (*told, _of_nobody(others)) if others else tuple(told)


def _status(provider: Provider, lists: tuple[tuple[str, int], ...]) -> ProviderStatus:
    if not provider.licensed:
        says = "a test list: it protects nobody, and does not count" if lists else "no test list installed"
    elif lists:
        says = f"installed, as the school says under an agreement: {_counted(lists)}"
    else:
        says = f"{NOT_INSTALLED}; needs {provider.arrange}"
    facts = (provider.name, provider.title, provider.category, provider.licence, provider.licensed)
    return ProviderStatus(*facts, lists, says)


def _of_nobody(lists: tuple[tuple[str, int], ...]) -> ProviderStatus:
    says = f"sealed lists of no provider named in lists.yaml, which do not count: {_counted(lists)}"
    return ProviderStatus("", "Of no named provider", "", "", False, lists, says)


def _counted(lists: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{list_id} ({entries:,} entries)" for list_id, entries in lists)
