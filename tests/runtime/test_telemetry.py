"""Log lines: JSON off a terminal, the same form whoever writes them, and nothing about a person by accident."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import structlog

from runtime import telemetry


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_off_a_terminal_a_line_is_json_with_a_utc_time_and_its_context() -> None:
    stream = io.StringIO()
    telemetry.configure(stream=stream)
    structlog.contextvars.bind_contextvars(journey="j-1")
    structlog.get_logger("starter").info("plan agreed", version=4)
    [line] = lines(stream)
    assert (line["event"], line["version"], line["journey"]) == ("plan agreed", 4, "j-1")
    assert (line["level"], line["logger"]) == ("info", "starter")
    assert datetime.fromisoformat(str(line["timestamp"])).tzinfo == UTC


@pytest.mark.parametrize("name", ["temporalio.activity", "uvicorn.access", "asyncpg.pool", "temporalio.core"])
def test_other_libraries_write_the_same_lines(name: str) -> None:
    stream = io.StringIO()
    logging.getLogger(name).addHandler(logging.StreamHandler(io.StringIO()))  # as uvicorn brings its own
    telemetry.configure(stream=stream)
    structlog.contextvars.bind_contextvars(journey="j-1")
    logging.getLogger(name).warning("%s of %s", 1, 2, extra={"temporal_activity": {"attempt": 2}, "payload": "Mari"})
    [line] = lines(stream)
    assert (line["event"], line["logger"], line["level"], line["journey"]) == ("1 of 2", name, "warning", "j-1")
    assert line["temporal_activity"] == {"attempt": 2}
    assert "payload" not in line


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()], ids=["json", "terminal"])
def test_a_traceback_keeps_local_values_to_itself(stream: io.StringIO) -> None:
    telemetry.configure(stream=stream)
    name = "Mari" + " Maasikas"
    try:
        raise ZeroDivisionError(len(name))
    except ZeroDivisionError:
        structlog.get_logger().exception("failed")
        logging.getLogger("uvicorn.error").exception("failed")
    assert "Mari Maasikas" not in stream.getvalue()
    assert stream.getvalue().count("ZeroDivisionError: 13") == 2


def test_at_a_terminal_a_line_is_for_reading() -> None:
    stream = Terminal()
    telemetry.configure(stream=stream)
    structlog.get_logger().info("plan agreed")
    assert "plan agreed" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_lines_below_the_level_are_left_out() -> None:
    stream = io.StringIO()
    telemetry.configure(stream=stream, level="WARNING")
    structlog.get_logger().info("small talk")
    logging.getLogger("uvicorn.access").info("GET /")
    assert stream.getvalue() == ""
