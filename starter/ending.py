"""How a process of ours ends that cannot go on: one line that says why, and an exit code that says whose turn it is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import asyncpg
from temporalio.service import RPCError

from domain.decision import Rejected
from domain.ports import StoreUnavailable
from domain.programme import ProgrammeInvalid
from eventstore.migrate import MigrationRefused
from runtime.failures import EmbeddedError
from runtime.settings import SettingsError
from runtime.temporal import TemporalUnreachable
from starter.auth import TokensUnreadable
from starter.generating.refusals import NoAgreements, OnlySynthetic
from starter.local import NotReady
from starter.replaying import NoSuchJourney
from starter.submit import Refused, Unavailable
from starter.trailing import NoSuchTrail

FOUND, WRONG_USE, UNREACHABLE = 1, 2, 3


@contextmanager
def in_one_line() -> Iterator[None]:
    """What whoever started us can do something about ends here; a bug keeps its traceback."""
    try:
        yield
    except ProgrammeInvalid as wrong:
        for problem in wrong.problems:
            sys.stderr.write(f"{problem}\n")
        end(FOUND, f"{len(wrong.problems)} problems in the programme's data; nothing was changed")
    except Refused as refused:
        end(FOUND, refused)
    except (SettingsError, MigrationRefused, TokensUnreadable, NoSuchJourney, NoSuchTrail) as wrong:
        end(WRONG_USE, wrong)
    except Rejected as refused:
        end(WRONG_USE, refused if refused.field is None else f"{refused.field}: {refused}")
    except (NoAgreements, OnlySynthetic) as wrong:
        end(WRONG_USE, wrong.__doc__)
    except (StoreUnavailable, asyncpg.PostgresError) as down:
        end(UNREACHABLE, f"the database does not answer as it should: {down}")
    except RPCError as down:
        end(UNREACHABLE, f"Temporal does not answer as it should: {down}")
    except (EmbeddedError, NotReady, TemporalUnreachable, OSError) as down:
        end(UNREACHABLE, down)
    except Unavailable:
        end(UNREACHABLE, "no worker answers; is one running?")


def end(code: int, why: object) -> NoReturn:
    line = " ".join(str(why).split())
    sys.stderr.write(f"teekond: {''.join(each if each.isprintable() else '?' for each in line)}\n")
    raise SystemExit(code)
