"""What a sealed line says of an unblock, in words: which sites, and when."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from audit_api.unblock_words import open_in_words


def sites_told(detail: Mapping[str, Any]) -> list[str]:
    """Those agreed to where the line says so; else those asked for, with the hosts that their pages need."""
    named = detail.get("agreed") or detail
    return [*named.get("sites", ()), *named.get("companions", ())]


def left_out(detail: Mapping[str, Any]) -> list[str]:
    """What was asked for and not agreed to."""
    agreed = detail.get("agreed")
    if not agreed:
        return []
    asked = (*detail.get("sites", ()), *detail.get("companions", ()))
    return [each for each in asked if each not in sites_told(detail)]


def when_told(detail: Mapping[str, Any], zone: ZoneInfo) -> str:
    windows = detail.get("windows") or [[detail.get("starts_at"), detail.get("ends_at")]]
    if not all(windows[0]):
        return "no time"
    return open_in_words([(_at(starts), _at(ends)) for starts, ends in windows], zone)


def _at(text: str) -> datetime:
    """Sealed times are aware UTC; one that is not is no line of ours."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("no zone")
    return at
