"""A provider hands its list over and nothing else; the status claims nothing that is not so."""

import inspect
from pathlib import Path

import pytest

from filter_lists.index import Index
from filter_lists.lists_config import ListsError, parse_lists
from filter_lists.lists_model import ListConfig
from filter_lists.providers import (
    NOT_INSTALLED,
    PROVIDERS,
    IllegalListProvider,
    ProviderStatus,
    provider_status,
)
from tests.sealing import compile_lists

LISTS = """\
lists:
  games: {category: gambling, format: plain, source: "starter:gambling.txt"}
  urls: {sealed: true, PROVIDER category: child-sexual-abuse, format: plain, source: "starter:terrorism.txt"}
"""


def configured(provider: str) -> tuple[ListConfig, ...]:
    named = f"provider: {provider}," if provider else ""
    return parse_lists(LISTS.replace("PROVIDER", named), Path()).lists


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    state = tmp_path_factory.mktemp("state")
    from filter_lists.generations import open_generation

    plain = {"games": ("gambling", ["bet.test"])}
    sealed = {"urls": ("child-sexual-abuse", ["bad.test/a", "bad.test/b"])}
    return open_generation(state, compile_lists(state, plain, sealed))


def by_name(found: tuple[ProviderStatus, ...]) -> dict[str, ProviderStatus]:
    return {each.name: each for each in found}


def test_a_provider_has_no_way_to_list_change_switch_off_or_open_anything() -> None:
    public = {name for name, _ in inspect.getmembers(IllegalListProvider) if not name.startswith("_")}

    assert public == {"provider", "fetch"}


def test_without_a_licensed_list_the_status_says_so_of_each(index: Index) -> None:
    found = by_name(provider_status(configured("test"), index))

    for name, provider in PROVIDERS.items():
        if provider.licensed:
            assert found[name].says.startswith(NOT_INSTALLED)
            assert not found[name].installed
    assert set(found) == set(PROVIDERS)


def test_a_test_list_is_called_one_and_does_not_count(index: Index) -> None:
    found = by_name(provider_status(configured("test"), index))["test"]

    assert found.lists == (("urls", 2),)
    assert "protects nobody" in found.says
    assert not found.installed


def test_a_sealed_list_of_no_named_provider_does_not_count(index: Index) -> None:
    found = by_name(provider_status(configured(""), index))

    assert found[""].lists == (("urls", 2),)
    assert not any(each.installed for each in found.values())


def test_a_list_that_is_configured_and_in_force_is_installed(index: Index) -> None:
    found = by_name(provider_status(configured("iwf"), index))

    assert [name for name, each in found.items() if each.installed] == ["iwf"]
    assert found["iwf"].says == "installed, as the school says under an agreement: urls (2 entries)"


def test_a_list_that_is_only_configured_is_not_installed() -> None:
    found = provider_status(configured("iwf"), Index.in_memory({"bet.test": [("gambling", "games")]}))

    assert not any(each.installed for each in found)


def test_only_a_sealed_list_has_a_provider_and_one_that_is_known() -> None:
    with pytest.raises(ListsError, match=r"urls.provider: 'nobody'; allowed: iwf, "):
        configured("nobody")
    with pytest.raises(ListsError, match="only a sealed list has a provider"):
        parse_lists(LISTS.replace("sealed: true, PROVIDER", "provider: iwf,"), Path())
