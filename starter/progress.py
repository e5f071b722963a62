"""How far a long piece of work has come: a bar with rate and time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

BAR = 30
TERMINAL_SECONDS, PLAIN_SECONDS = 0.1, 10.0


class Progress:
    """`with Progress("people", 2000) as done: done()` for each. Tells nothing of what is done in no time."""

    def __init__(self, what: str, total: int, *, out: TextIO | None = None) -> None:
        self._what, self._total = what, total
        self._out = sys.stderr if out is None else out
        self._terminal = self._out.isatty()
        self._done = 0
        self._begun = self._shown = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __call__(self) -> None:
        self._done += 1
        now = time.monotonic()
        if now - self._shown >= (TERMINAL_SECONDS if self._terminal else PLAIN_SECONDS):
            self._shown = now
            self._show(now)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._show(time.monotonic(), last=True)

    def _show(self, now: float, *, last: bool = False) -> None:
        text = self._text(now - self._begun)
        if self._terminal:
            self._out.write(f"\r{text:<78}" + ("\n" if last else ""))
        else:
            self._out.write(text + "\n")
        self._out.flush()

    def _text(self, seconds: float) -> str:
        rate = self._done / max(seconds, 0.001)
        left = f", {(self._total - self._done) / rate:.0f} s left" if 0 < self._done < self._total else ""
        full = BAR * self._done // max(self._total, 1)
        bar = f"[{'#' * full}{'.' * (BAR - full)}] " if self._terminal else ""
        return f"{bar}{self._done} of {self._total} {self._what}, {rate:.0f} a second{left}"
