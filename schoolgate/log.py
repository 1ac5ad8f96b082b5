"""What services tell the technician: JSON lines on stderr, events `noun.past_verb`; no secret, no URL.

A line that cannot be written is lost, and nothing else: often it is about the disk that is full.
"""

import logging
import sys
import threading
from contextlib import suppress
from types import TracebackType
from typing import TextIO, cast

import structlog

from schoolgate.scrubbing import scrubbed


class _Unfailing:
    """stderr, whose errors stop nobody."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def configure_logging(service: str, level: str = "info") -> None:
    """Once, at the start of a process. Libraries that use the standard library's logging come out alike."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,  # without local variables: those can be secrets
            scrubbed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                scrubbed,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    # Libraries speak of requests at INFO; the filtering log is the place for those.
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What ends the process is written as everything else is, so that no secret it quotes is shown."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger().error("process.failed", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        where = args.thread.name if args.thread else "?"
        found = (args.exc_type, args.exc_value, args.exc_traceback)
        structlog.get_logger().error("thread.failed", thread=where, exc_info=found)
