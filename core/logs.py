"""One line per message, as text or JSON: when (UTC), how grave, who says it, what, and what it belongs to.

What a line belongs to is bound once, where that begins: a request at the API's edge, a run where it is supervised.
Nothing that a stranger sent can begin a line or hide one: what does not print is escaped. In text a traceback follows
its line, indented; in JSON it is a field.
"""

import json
import logging
import logging.config
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

from core.redaction import redact

Format = Literal["text", "json"]
_PLAIN = re.compile(r"[\w./:@%+~,*-]+", re.ASCII)  # a value that needs no quotes
_bound: ContextVar[dict[str, Any]] = ContextVar("bound")  # replaced, never changed


def bind(**fields: Any) -> None:
    """Every line of this context carries them from now on: in a task, or a thread that has a copy of the context."""
    _bound.set(_bound.get({}) | fields)


@contextmanager
def bound(**fields: Any) -> Iterator[None]:
    """`bind` for the length of a block."""
    before = _bound.set(_bound.get({}) | fields)
    try:
        yield
    finally:
        _bound.reset(before)


def escape(text: str) -> str:
    """What does not print (controls, line ends of any alphabet, marks of direction) as `\\n`, `\\x1b`, `\\u202e`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class _Formatter(logging.Formatter):
    def _time(self, record: logging.LogRecord) -> str:
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _fields(self, record: logging.LogRecord) -> dict[str, Any]:
        """What it belongs to, and what it says of itself by `extra={"fields": {…}}`."""
        fields: dict[str, Any] = _bound.get({}) | getattr(record, "fields", {})
        return {name: redact(value) if isinstance(value, str) else value for name, value in fields.items()}

    def _trace(self, record: logging.LogRecord) -> str:
        trace = self.formatException(record.exc_info) if record.exc_info else ""
        return redact(f"{trace}\n{record.stack_info}" if record.stack_info else trace)


class TextFormatter(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = f"{self._time(record)} {record.levelname} {record.name}: {escape(redact(record.getMessage()))}"
        if fields := self._fields(record):
            line += f" [{' '.join(f'{name}={_quoted(value)}' for name, value in fields.items())}]"
        return line + "".join(f"\n    {escape(part)}" for part in self._trace(record).splitlines())


def _quoted(value: Any) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text)


class JsonFormatter(_Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said = {"time": self._time(record), "level": record.levelname, "logger": record.name}
        said |= {"message": redact(record.getMessage())} | self._fields(record)
        if trace := self._trace(record):
            said["exception"] = trace
        return json.dumps(said, default=str)


def configure(form: Format) -> None:
    """For the whole process, to stderr. uvicorn's own lines take this form too, but for those of its access log."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": JsonFormatter if form == "json" else TextFormatter}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"level": "INFO", "handlers": ["stderr"]},
            "loggers": {
                "uvicorn": {"handlers": [], "propagate": True},
                "uvicorn.access": {"handlers": [], "propagate": False},
            },
        }
    )
