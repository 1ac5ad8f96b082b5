"""Whether checkpoints arrive where they are kept, by the files alone; of mail the console tells."""

from collections.abc import Iterator
from datetime import UTC, datetime

from schoolgate.finding import Finding
from schoolgate.settings import Settings

CHECK = "checkpoints"


def checkpoints(settings: Settings) -> Iterator[Finding]:
    """A folder that the school named must be there, and hold some; our own is made when the api starts."""
    from change_control.checkpoint_delivery import OVERDUE, newest_file

    folder, is_ours = settings.checkpoint_folder, settings.checkpoints is None
    if not folder.is_dir():
        yield Finding(CHECK, is_ours, f"{folder} is not there" + (" yet" if is_ours else ""))
        return
    newest = newest_file(folder)
    if newest is None:
        yield Finding(CHECK, is_ours, f"none has arrived in {folder} yet")
        return
    at = datetime.fromtimestamp(newest.stat().st_mtime, UTC)
    says = f"the last in {folder} is {newest.name}, of {at:%Y-%m-%d %H:%M} UTC"
    yield Finding(CHECK, datetime.now(UTC) - at <= OVERDUE, says)
