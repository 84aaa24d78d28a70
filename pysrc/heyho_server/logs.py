"""Logs: one JSON object a line on stderr. No address of a visit and no token is ever logged."""

from __future__ import annotations

import logging
import sqlite3
import sys
import traceback

import structlog
from sqlalchemy.exc import DBAPIError
from structlog.typing import EventDict, WrappedLogger


def configure_logs() -> None:
    """Send the server's own events, and the warnings of its libraries, to stderr as JSON."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        describe_exception,
    ]
    render = structlog.processors.JSONRenderer(ensure_ascii=True)
    structlog.configure(
        processors=[*shared, render],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def describe_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by the exception's type and the places it came through.

    Not its message and not the variables on the way: they may hold a page's address or a token.
    Messages of the operating system and of SQLite hold neither, and are kept; of PostgreSQL's,
    which may quote what was to be stored, only the name and the code of the error are.
    """
    given = event.pop("exc_info", None)
    problem = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    if isinstance(given, tuple):
        problem = given[1]
    if problem is None:
        return event
    event["error"] = type(problem).__qualname__
    if isinstance(problem, DBAPIError):
        event["reason"] = _reason(problem.orig)
    elif isinstance(problem, OSError):
        event["reason"] = problem.strerror
    event["frames"] = [
        f"{frame.filename}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(problem.__traceback__)
    ]
    return event


def _reason(problem: BaseException | None) -> str:
    if isinstance(problem, sqlite3.Error):
        return str(problem)
    name = type(getattr(problem, "__cause__", None) or problem).__qualname__
    return f"{name} {getattr(problem, 'sqlstate', None) or ''}".strip()
