"""What every command is given: the configuration, read when a command first needs it."""

from dataclasses import dataclass, field
from pathlib import Path

import typer

from schoolgate.settings import Settings, load_settings


@dataclass(slots=True)
class Front:
    config: Path | None = None
    _settings: Settings | None = field(default=None, repr=False)

    @property
    def settings(self) -> Settings:
        """Raises SettingsError with every fault."""
        if self._settings is None:
            self._settings = load_settings(self.config)
        return self._settings

    def school_ca(self, base: str, given: Path | None = None) -> Path | None:
        """What proves the API at this address; None where it is asked without TLS."""
        if given is not None or not base.startswith("https:"):
            return given
        return self.settings.console_ca


def front_of(ctx: typer.Context) -> Front:
    found = ctx.find_object(Front)
    return found if found is not None else Front()
