"""Of the doctor: the machine, each finding both ways."""

import os
import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from schoolgate import doctor_machine
from schoolgate.finding import Finding
from schoolgate.settings import Settings, load_settings
from tests.running import ROOT


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "state").mkdir(mode=0o700)
    return replace(load_settings(ROOT / "config", {}), state=tmp_path / "state")


def only(found: Iterator[Finding], check: str) -> Finding:
    (finding,) = (each for each in found if each.check == check)
    return finding


@pytest.mark.parametrize(("mask", "fit"), [(0o077, True), (0o022, True), (0o000, False), (0o775, False)])
def test_new_files_that_anybody_may_change_are_a_finding(settings: Settings, mask: int, *, fit: bool) -> None:
    before = os.umask(mask)
    try:
        assert only(doctor_machine.who_runs(settings), "umask").fit is fit
        assert os.umask(mask) == mask
    finally:
        os.umask(before)


def test_running_as_root_is_told(settings: Settings) -> None:
    assert only(doctor_machine.who_runs(settings), "user").warns is (os.geteuid() == 0)


@pytest.mark.parametrize(("most", "fit"), [(4096, True), (1024, False)])
def test_too_few_open_files_are_a_finding(settings: Settings, most: int, *, fit: bool) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, before[1]))
        (finding,) = doctor_machine.files_at_once(settings)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert finding.fit is fit


def test_options_of_mitmproxy_that_lie_about_are_a_finding(settings: Settings, tmp_path: Path) -> None:
    (clean,) = doctor_machine.unsafe_files(settings, tmp_path)
    (settings.state / "ca").mkdir()
    (settings.state / "ca" / "config.yaml").write_text("ssl_insecure: true\n")
    (found,) = doctor_machine.unsafe_files(settings, tmp_path)

    assert (clean.fit, found.fit, "config.yaml" in found.says) == (True, False, True)


def test_a_record_of_tomorrow_is_a_finding(settings: Settings) -> None:
    assert list(doctor_machine.clock_and_records(settings)) == []
    (settings.state / "journal").mkdir()
    segment = settings.state / "journal" / "gate-1-1.journal"
    segment.write_bytes(b"")
    (now,) = doctor_machine.clock_and_records(settings)
    tomorrow = segment.stat().st_mtime + 86_400
    os.utime(segment, (tomorrow, tomorrow))
    (later,) = doctor_machine.clock_and_records(settings)

    assert (now.fit, later.fit) == (True, False)
    assert "minutes after this machine's clock" in later.says


def test_the_newest_line_of_the_change_log_counts_too(founded: Path) -> None:
    settings = replace(load_settings(ROOT / "config", {}), state=founded)

    (found,) = doctor_machine.clock_and_records(settings)
    assert found.fit


def test_a_file_that_anybody_may_change_is_a_finding(settings: Settings) -> None:
    (settings.state / "x").write_text("")
    (settings.state / "x").chmod(0o600)
    (clean,) = doctor_machine.state_files(settings)
    (settings.state / "x").chmod(0o666)
    (found,) = doctor_machine.state_files(settings)

    assert (clean.fit, found.fit) == (True, False)


def test_what_a_demo_left_is_a_finding(settings: Settings) -> None:
    (clean,) = doctor_machine.leftovers(settings)
    (settings.state / "demo.json").write_text("{}")
    (found,) = doctor_machine.leftovers(settings)

    assert (clean.fit, found.fit) == (True, False)


def test_the_schools_time_zone_is_known(founded: Path) -> None:
    (found,) = doctor_machine.time_zone(replace(load_settings(ROOT / "config", {}), state=founded))

    assert (found.fit, found.says.startswith("Europe/London: it is")) == (True, True)
