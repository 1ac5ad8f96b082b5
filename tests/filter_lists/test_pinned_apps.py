"""The shipped table of apps that pin their certificates: canonical hosts, with a reason each."""

from filter_lists.names import canonical_host
from filter_lists.pinned_apps import app_of, pinned_apps


def test_every_row_has_hosts_in_canonical_form_and_a_reason() -> None:
    for each in pinned_apps():
        assert each.app
        assert each.reason
        assert each.hosts == tuple(canonical_host(host) for host in each.hosts)
        assert all("." in host for host in each.hosts)


def test_no_host_is_named_twice() -> None:
    hosts = [host for each in pinned_apps() for host in each.hosts]
    assert len(hosts) == len(set(hosts))


def test_a_host_below_a_named_one_is_the_same_app() -> None:
    found = app_of("1-courier.push.apple.com")
    assert found is not None
    assert found.app == "Apple push notifications"
    assert app_of("notwhatsapp.net") is None
