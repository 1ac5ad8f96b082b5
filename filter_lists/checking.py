"""What every new set of lists must say of some sites, whoever made it: the checks of lists.yaml."""

from collections.abc import Iterator

from filter_lists.index import Index
from filter_lists.lists_model import ListsConfig
from filter_lists.names import parse_url


def failed_checks(config: ListsConfig, index: Index) -> Iterator[str]:
    """A sentence for each site that is not what the school said it must be.

    Of sealed lists nothing is asked here: else a guess would be answered, and nobody would see it (I7).
    """
    for name, checks, wanted in (
        ("must_have", config.must_have, True),
        ("must_not_have", config.must_not_have, False),
    ):
        for category, sites in checks.items():
            for site in sites:
                lists = [
                    hit.list_id
                    for hit in index.lookup(parse_url(f"https://{site}"))
                    if hit.category == category and not hit.is_sealed
                ]
                if bool(lists) != wanted:
                    says = f"is there, by {', '.join(lists)}" if lists else "is on no list of this category"
                    yield f"{config.file}: checks.{name}.{category}: {site} {says}"
