"""The lists.yaml that two people agreed on, read from the database: works with the API down."""

from pathlib import Path
from typing import TYPE_CHECKING

from schoolgate.settings import Settings
from schoolgate.telling import tell

if TYPE_CHECKING:
    from filter_lists.lists_config import ListsConfig


def agreed_text(settings: Settings) -> str | None:
    """None where the database cannot be asked, or knows of none."""
    from sqlalchemy.exc import SQLAlchemyError

    from audit_log.db import open_engine, reading
    from change_control.errors import ChangeError
    from change_control.lists import agreed_lists

    if settings.database.startswith("sqlite") and not Path(settings.database.partition("///")[2]).exists():
        return None  # opening it would make one
    try:
        engine = open_engine(settings.database)
    except SQLAlchemyError:
        return None
    try:
        with reading(engine) as conn:
            return agreed_lists(conn).config_text or None
    except (SQLAlchemyError, ChangeError):
        return None
    finally:
        engine.dispose()


def agreed_config(settings: Settings) -> "ListsConfig | None":
    """As agreed; where that cannot be known, as the file on this disk has it, and that is told."""
    from filter_lists.lists_config import ListsError, parse_lists

    text = agreed_text(settings)
    try:
        if text is None:
            tell("What was agreed on cannot be read; schedules are those of lists.yaml on this disk.")
            text = settings.lists.read_text(encoding="utf-8")
        return parse_lists(text, settings.lists.parent)
    except (ListsError, OSError, UnicodeDecodeError):
        return None
