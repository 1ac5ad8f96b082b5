"""The filters of the filtering log, as options of every command that reads it.

A command is given them as one `asked`, in the words of the API; `typer` sees each as an option of its own.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Annotated, Any

import typer

Asked = Mapping[str, Any]


def _text(option: str, says: str) -> tuple[Any, Any]:
    return Annotated[str | None, typer.Option(option, help=says)], None


def _flag(option: str, says: str) -> tuple[Any, Any]:
    return Annotated[bool, typer.Option(option, help=says)], False


# By their names in the API.
OPTIONS: Mapping[str, tuple[Any, Any]] = {
    "from": _text("--from", "ISO 8601."),
    "to": _text("--until", "ISO 8601; not included."),
    "person": _text("--person", "A user name. Looking leaves a line in the change log."),
    "purpose": _text("--purpose", "Why you read by name. It is kept in the change log."),
    "names": _flag("--names", "Show names; needs --purpose."),
    "group": _text("--group", "A filter group."),
    "class": _text("--class", "A class: 6B."),
    "host": _text("--host", "A host and all below it."),
    "below": _flag("--host-alone", "That host alone, and nothing below it."),
    "category": _text("--category", "A kind of site: gambling."),
    "verdict": _text("--verdict", "allow or block"),
    "reason": _text("--reason", "A reason: category-not-allowed."),
    "kind": _text("--kind", "request, connect, tunnel, websocket ..."),
    "reference": _text("--reference", "The code on a block page."),
    "unblock": _text("--unblock", "The id of an unblock."),
    "search_terms": _text("--search-terms", "Words in what was searched for; needs --purpose."),
    "parts": _flag("--parts", "Parts of pages too, not only what a person opened or what was blocked."),
}
SAID = {"names": "yes", "parts": "yes", "below": "no"}  # what a flag means


def filtered(verb: Callable[..., None]) -> Callable[..., None]:
    """`verb` takes `asked` first and by name; it becomes a command with all of OPTIONS."""
    own = [each for each in inspect.signature(verb).parameters.values() if each.name != "asked"]
    options = {_parameter(name): (name, *each) for name, each in OPTIONS.items()}

    @wraps(verb)
    def command(**given: Any) -> None:
        asked = {name: _said(name, given.pop(parameter)) for parameter, (name, *_) in options.items()}
        verb(asked=asked, **given)

    shown = [_as_parameter(name, kind, default) for name, (_, kind, default) in options.items()]
    command.__signature__ = inspect.Signature([*shown, *own])  # type: ignore[attr-defined]  # as inspect reads it
    command.__annotations__ = {each.name: each.annotation for each in [*shown, *own]}
    return command


def _parameter(name: str) -> str:
    return f"{name}_"  # `class` and `from` are words of the language


def _as_parameter(name: str, kind: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _said(name: str, value: Any) -> str | None:
    if isinstance(value, bool):
        return SAID[name] if value else None
    return value or None
