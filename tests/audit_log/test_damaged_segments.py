"""A damaged segment stays as long as the copies of what is damaged in it."""

from pathlib import Path

from sqlalchemy import Engine

from audit_log.quarantine import copies
from audit_log.recorder import Recorder
from audit_log.segments import segments
from tests.audit_log.recording import in_hours
from tests.audit_log.records import a_segment, a_whole
from tests.audit_log.test_quarantine import broken, let_go_on


def test_a_damaged_segment_goes_once_its_copies_have(engine: Engine, tmp_path: Path) -> None:
    place = broken(a_segment(tmp_path, [a_whole(number) for number in range(3)], ns=1), 1)
    newest = a_segment(tmp_path, [a_whole(9)], ns=2)
    recorder = Recorder(engine, tmp_path)
    recorder.run_once()
    let_go_on(engine, place)
    recorder.run_once()
    assert list(copies(tmp_path)) == [place]
    copies(tmp_path)[place].unlink()

    Recorder(engine, tmp_path, clock=in_hours(25)).run_once()
    assert [each.path for each in segments(tmp_path)] == [newest]
