"""One case of a caseload that is handed over: it goes to the other, unless it is somebody else's by now."""

from __future__ import annotations

from domain.decision import Command, Context, Decision, RowResult, Stage
from domain.events import CaseManagerAppointed
from domain.fields import Code, Id
from domain.states import Exited, Journey, Refused


class HandOverCase(Command):
    """Give the case to another case manager, as part of a hand-over. The answer says what became of it; it is never refused."""

    kind = "journeys"
    stage = Stage.REFERRAL
    name = "hand-over-case"
    part = "case_manager"
    internal = True

    handover_id: Id
    municipality: Code
    from_manager: Code
    to: Code


COMMANDS: tuple[type[Command], ...] = (HandOverCase,)


def decide(command: HandOverCase, state: Journey, context: Context) -> Decision:
    file = state.file
    if isinstance(state, Refused | Exited):
        return _only(RowResult(row=0, code="ended", message="The journey has ended."))
    if (file.municipality, file.case_manager) != (command.municipality, command.from_manager):
        return _only(RowResult(row=0, code="not_theirs", message="The case is somebody else's by now."))
    appointed = CaseManagerAppointed(case_manager=command.to, handover_id=command.handover_id)
    return Decision(events=(appointed,), rows=(RowResult(row=0, code="handed_over"),))


def _only(answer: RowResult) -> Decision:
    return Decision(events=(), rows=(answer,))
