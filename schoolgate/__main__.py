"""`schoolgate`, and `python -m schoolgate`."""

import os
import sys

from schoolgate.settings import SettingsError
from schoolgate.telling import Failed, tell


def main() -> None:
    """What a command cannot do is said in sentences, and the exit code is 1."""
    from schoolgate.cli import app

    os.umask(0o077)  # whatever is written here is nobody else's to read
    try:
        app()
    except Failed as failed:
        _end(*failed.lines)
    except SettingsError as error:
        _end("The settings cannot be used:", *error.faults)


def _end(*lines: str) -> None:
    for line in lines:
        tell(line)
    sys.exit(1)


if __name__ == "__main__":
    main()
