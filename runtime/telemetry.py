"""How the program tells what it does: one line per happening, for a person at a terminal, as JSON for everything else."""

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

NOISY = ("httpx", "httpcore", "asyncio")  # a line for every request they make, or every loop
OWN_HANDLERS = ("uvicorn", "uvicorn.access", "uvicorn.error", "temporalio", "asyncpg")

# What other libraries attach to a record is taken up by name only: the rest may hold a person's data.
ATTACHED = ("temporal_workflow", "temporal_activity")


def configure(*, level: str = "INFO", as_json: bool | None = None, stream: TextIO | None = None) -> None:
    """Once per process, before the first line. None for as_json: JSON unless the stream is a terminal."""
    stream = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(allow=ATTACHED)],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(as_json if as_json is not None else not stream.isatty()),
            ],
        )
    )
    _route(handler, level)


def _rendering(as_json: bool) -> list[Processor]:
    """Tracebacks without the values of local variables, which structlog would show: they may be about a person."""
    if as_json:
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]


def _route(handler: logging.Handler, level: str) -> None:
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in OWN_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def temporal_runtime(*, level: str = "WARN") -> Runtime:
    """Temporal's core, its own lines sent through ours. It owns a pool of threads: make one per process."""
    forwarding = LogForwardingConfig(logger=logging.getLogger("temporalio.core"))
    logged = LoggingConfig(filter=TelemetryFilter(core_level=level, other_level="ERROR"), forwarding=forwarding)
    return Runtime(telemetry=TelemetryConfig(logging=logged))
