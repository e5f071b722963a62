"""A history told in sentences that a social worker reads: for the timeline, the demo and the auditor's replay."""

from __future__ import annotations

from collections.abc import Mapping

from domain import events as e
from domain.care import Check
from domain.codec import Recorded
from domain.money import euros


def tell(told: Recorded) -> str:
    """One sentence for one fact; after a decision also what would have to change for another one."""
    changes = [each.change for each in trace_of(told.event) if each.change is not None and each.result != "holds"]
    return f"{_sentence(told.event)} {_otherwise(changes)}" if changes else _sentence(told.event)


def trace_of(event: e.Event) -> tuple[Check, ...]:
    """The rules that a decision rests on; of other facts there are none."""
    match event:
        case e.ReferralAccepted() | e.ReferralRefused() | e.PlaceReceived() | e.PlaceAwaited() | e.BudgetDecided():
            return event.trace
        case _:
            return ()


def _otherwise(changes: list[str]) -> str:
    """What would have to change, one thing after the other."""
    return f"What would have to change: {' '.join(changes)}"


def _sentence(event: e.Event) -> str:
    match event:
        case e.ReferralRecorded():
            reached = f"; to be reached by {event.first_contact_due.on:%d.%m.%Y}" if event.first_contact_due else ""
            due = f"; the decision is due by {event.decision_due.on:%d.%m.%Y}" if event.decision_due else ""
            noticed = f"Referred to {event.municipality}, noticed by: {_plain(event.noticed_by)}"
            return f"{noticed}. The person agreed{reached}{due}."
        case e.ReferralCompleted():
            return f"The application is complete; the decision is due by {event.decision_due.on:%d.%m.%Y}."
        case e.ReferralAccepted(rules="taken_over"):
            return "May join, as was decided before the journey was taken over."
        case e.ReferralAccepted():
            later = ", ".join(_plain(each.condition) for each in event.conditions if each.result == "not_yet")
            held = "although not every condition holds, with a reason" if event.override else "the conditions hold"
            return f"May join: {held}{f'; not yet: {later}' if later else ''} ({event.rules})."
        case e.ReferralRefused():
            failed = ", ".join(_plain(each.condition) for each in event.conditions if each.result == "fails")
            return f"May not join: {failed or 'not every condition was judged'} ({event.rules})."
        case e.ReferralReopened():
            return f"The refusal does not stand; to be decided anew by {event.decision_due.on:%d.%m.%Y}."
        case e.PlaceReceived():
            assessment = f"the assessment is due by {event.assessment_due.on:%d.%m.%Y}"
            return f"Has a place from {event.from_on:%d.%m.%Y}; {assessment}."
        case e.PlaceAwaited():
            return f"Waits for a place with {event.ahead} before them."
        case e.PlacePostponed():
            return "The place starts when the state service ends; assessment and plan can begin."
        case e.OfferReceived() | e.OfferDeclined() | e.OfferLapsed() | e.UrgencyRecorded():
            return _of_waiting(event)
        case e.PlaceSuspended() | e.PlaceResumed() | e.ExitPlanned():
            return _of_holding(event)
        case e.TransferOffered() | e.TransferAccepted() | e.TransferRejected() | e.TransferWithdrawn():
            return _of_transfer(event)
        case e.CaseManagerAppointed():
            return f"Case manager: {event.case_manager}."
        case e.JourneyTakenOver() | e.AssessmentTakenOver() | e.BudgetTakenOver():
            return _of_origin(event)
        case e.ContactLogged():
            outcome = "" if event.reached else ", nobody reached"
            return f"Contact ({_plain(event.channel)} with {_plain(event.with_whom)}{outcome})."
        case e.ConsentLapsed():
            return "The consent this journey rests on was withdrawn."
        case e.CrisisPlanChanged():
            return "The crisis plan was changed."
        case e.ChallengeFiled():
            return f"A decision was challenged; the answer is due by {event.due.on:%d.%m.%Y}."
        case e.ChallengeDecided():
            return f"The challenge was decided: the decision {'does not stand' if event.upheld else 'stands'}."
        case e.ChallengeLapsed():
            return "The time to challenge a decision is over."
        case e.ReminderRaised():
            return _reminder(event)
        case e.DeadlinePaused():
            return f"The {_plain(event.what)} waits from {event.from_on:%d.%m.%Y} on; its deadline is on hold."
        case e.DeadlineResumed():
            return f"The deadline of the {_plain(event.what)} runs on from {event.on:%d.%m.%Y}: {event.due.explained}."
        case e.DeadlineExtended():
            return f"More time for the {_plain(event.what)}: {event.due.explained}."
        case e.DeadlinesReplanned():
            moved = (
                f"the {_plain(each.what)} from {each.was_on:%d.%m.%Y} to {each.due.on:%d.%m.%Y}" for each in event.moved
            )
            return f"By another calendar, due days moved: {', '.join(moved)}."
        case e.ReminderAcknowledged():
            return f"{event.by} has seen a reminder of {_plain(event.deadline_id.partition(':')[0])}."
        case e.NoticeSent():
            return f"Notice sent to {event.recipient}."
        case e.NoticeRefused():
            reply = f" ({event.reply})" if event.reply else ""
            return f"The notice does not reach {event.recipient}: {_plain(event.reason)}{reply}."
        case _:
            return _later_sentence(event)


def _reminder(event: e.ReminderRaised) -> str:
    when = {"before": "is due soon", "on": "is due today"}.get(event.step, "is overdue")
    to = f", told to {', '.join(event.to)} as {event.level}" if event.to else ""
    missing = f" There was nobody to tell as {' or as '.join(event.missing)}." if event.missing else ""
    return f"Reminder: the {_plain(event.what)} {when} (due {event.due_on:%d.%m.%Y}){to}.{missing}"


def _of_origin(event: e.JourneyTakenOver | e.AssessmentTakenOver | e.BudgetTakenOver) -> str:
    match event:
        case e.JourneyTakenOver():
            until = f"{event.balances_on:%d.%m.%Y}"
            return f"Taken over from {event.source}, row {event.row}, with all help up to and including {until}."
        case e.AssessmentTakenOver():
            return f"Need assessed elsewhere on {event.on:%d.%m.%Y}: {_need(event.need_by_life_area)}."
        case e.BudgetTakenOver():
            total, delivered = (
                sum(each.allocated_cents for each in event.lines),
                sum(each.delivered_cents for each in event.lines),
            )
            review = f"the next review is due by {event.review_due.on:%d.%m.%Y}"
            return f"Budget taken over: {euros(total)} euros, {euros(delivered)} of them delivered; {review}."


def _means(event: e.MeasureTaken) -> str:
    result = event.result
    means = (
        ("need", result.need_tenths),
        ("importance", result.importance_tenths),
        ("confidence", result.confidence_tenths),
    )
    return ", ".join(f"{what} {'not told' if mean is None else f'{mean / 10:.1f}'}" for what, mean in means)


def _of_waiting(event: e.OfferReceived | e.OfferDeclined | e.OfferLapsed | e.UrgencyRecorded) -> str:
    match event:
        case e.OfferReceived():
            until = f"; to be answered by {event.expires.on:%d.%m.%Y}" if event.expires else ""
            return f"A place was offered from {event.from_on:%d.%m.%Y}{until}."
        case e.OfferDeclined():
            then = "waits on" if event.keeps_waiting else "does not wait any more"
            return f"Declined the place that was offered, with a reason, and {then}."
        case e.OfferLapsed():
            return f"The offer was not answered by {event.expired_on:%d.%m.%Y}; it passed to the next."
        case e.UrgencyRecorded():
            return f"A place is {'urgent' if event.urgent else 'not urgent any more'}, with a reason."


def _of_holding(event: e.PlaceSuspended | e.PlaceResumed | e.ExitPlanned) -> str:
    match event:
        case e.PlaceSuspended():
            return f"The place is kept, but not used from {event.from_on:%d.%m.%Y} on."
        case e.PlaceResumed():
            return f"The place is used again from {event.on:%d.%m.%Y} on."
        case e.ExitPlanned():
            planned = f"for {event.on:%d.%m.%Y}: {_plain(event.reason or '')}" if event.on else "no more"
            return f"Exit planned {planned}."


def _of_transfer(event: e.TransferOffered | e.TransferAccepted | e.TransferRejected | e.TransferWithdrawn) -> str:
    match event:
        case e.TransferOffered():
            return f"Offered to {event.to}, to which the person moves, from {event.from_on:%d.%m.%Y} on."
        case e.TransferAccepted():
            place = "; the place stays, since both share the agreement" if event.place_stays else ""
            due = f"; what is next is due by {event.due.on:%d.%m.%Y}" if event.due else ""
            return f"Moved from {event.former} to {event.municipality} on {event.on:%d.%m.%Y}{place}{due}."
        case e.TransferRejected():
            return "The other municipality does not take the journey over, with a reason."
        case e.TransferWithdrawn():
            return f"The offer to another municipality was withdrawn{', with a reason' if event.reason else ''}."


def _later_sentence(event: e.Event) -> str:
    match event:
        case e.NeedsAssessed():
            return f"Need assessed with {event.instrument}: {_need(event.need_by_life_area)}."
        case e.CarerAssessed():
            return "A carer's own needs were assessed."
        case e.MeasureTaken():
            told = f"of {_plain(event.occasion)} on {event.on:%d.%m.%Y}, told by the {_plain(event.by)}"
            return f"Outcome measure {told} ({event.instrument}): {_means(event)}."
        case e.ServiceRated():
            of = f" by {event.provider_id}" if event.provider_id else ""
            return f"The {event.by} gives {event.component}{of} a {event.rating} of 5."
        case e.AssessmentReopened():
            return f"Back to assessment; due by {event.due.on:%d.%m.%Y}."
        case e.PlanDrafted():
            own = f"“{event.main_goal}”"
            return (
                f"Plan drafted: {own} Services: {len(event.lines)}, from the community: {len(event.community_lines)}."
            )
        case e.PlanAgreed():
            return f"The {_plain(event.agreed_by)} agreed to the plan; the budget is due by {event.budget_due.on:%d.%m.%Y}."
        case e.PlanReopened():
            return f"Back to planning; due by {event.due.on:%d.%m.%Y}. What was agreed goes on meanwhile."
        case e.BudgetDecided():
            total = sum(line.cents for line in event.lines)
            return f"Budget decided: {euros(total)} euros; the first review is due by {event.review_due.on:%d.%m.%Y}."
        case e.ServiceCommitted():
            return f"Ordered of {event.line_id}: {_hours(event.minutes)} for {euros(event.cents)} euros."
        case e.RecoveryOpened():
            return f"To be claimed back: {euros(event.cents)} euros, given on days that are paid for elsewhere."
        case e.RecoveryWithdrawn():
            return (
                f"Not claimed back any more: {euros(event.cents)} euros; the days are not paid for elsewhere after all."
            )
        case e.BudgetExtended():
            if event.plan_ends is None:
                return "The plan has ended without a new one, and nothing of it could run on."
            return f"No new plan by its end: the help goes on until {event.plan_ends.on:%d.%m.%Y}."
        case e.BudgetReinstated():
            return f"Taken again for help that was told late: {euros(event.cents)} euros."
        case e.DeliveriesClaimed():
            accepted = sum(row.cents for row in event.rows if row.verdict == "accepted")
            out = sum(1 for row in event.rows if row.verdict != "accepted")
            return f"Claimed: {euros(accepted)} euros accepted{f', {out} deliveries not' if out else ''}."
        case e.PaymentRecorded():
            off = f", {euros(event.set_off_cents)} of it set off" if event.set_off_cents else ""
            return f"Paid for {event.line_id}: {euros(event.cents)} euros{off} ({event.reference})."
        case e.BudgetSettled():
            return f"Given back: {euros(sum(each.cents for each in event.released))} euros that will not be used."
        case e.DeliveryRecorded():
            return f"Delivered on {event.day:%d.%m.%Y}: {event.line_id}, {_hours(event.minutes)}, {euros(event.cents)} euros."
        case e.DeliveryCorrected():
            return f"Corrected: {_hours(event.minutes)} instead of {_hours(event.minutes_before)}."
        case e.DeliveryConfirmed():
            return f"The {_plain(event.confirmed_by)} confirmed a delivery."
        case e.DeliveryDisputed():
            return f"The {_plain(event.disputed_by)} says that a delivery was not so."
        case e.DisputeSettled():
            return f"The dispute was settled: the {'person' if event.upheld else 'record'} was right."
        case e.VisitMissed():
            return f"A visit on {event.day:%d.%m.%Y} did not take place."
        case e.ProgressNoted():
            return f"Progress with {event.goal_id}: {_plain(event.direction)}."
        case e.ReviewHeld():
            return (
                f"{event.kind.capitalize()} review held: {_plain(event.outcome)}; next by {event.next_due.on:%d.%m.%Y}."
            )
        case e.JourneyExited():
            return f"Left on {event.on:%d.%m.%Y}: {_plain(event.reason)}."
        case e.ProgrammePublished():
            return (
                f"The programme {event.programme} was published, number {event.number}: {len(event.versions)} versions."
            )
        case e.GapActionRecorded():
            about = _plain(event.component or event.life_area or "")
            return f"Lacking: {about}. {event.owner} acts by {event.due_on:%d.%m.%Y}: {event.action}"
        case e.HandOverOrdered():
            return f"{len(event.journeys)} cases of {event.from_manager} go to {', '.join(event.to)}."
        case e.CasesHandedOver():
            return (
                f"{sum(each.code == 'handed_over' for each in event.results)} of {len(event.results)} cases went over."
            )
        case e.HandOverUndone():
            return "The hand-over is taken back."
        case e.CasesGivenBack():
            return (
                f"{sum(each.code == 'handed_over' for each in event.results)} of {len(event.results)} cases came back."
            )
        case e.StaffRecorded():
            return f"{event.staff_id} works here as {_plain(event.role)}."
        case e.StaffRemoved():
            return f"{event.staff_id} works here no more."
        case e.AbsenceRecorded():
            until = f"{event.from_on:%d.%m.%Y} to {event.to_on:%d.%m.%Y}"
            return f"{event.staff_id} is away from {until}; {event.stand_in} stands in."
        case e.AbsenceWithdrawn():
            return "An absence was taken back."
        case e.PersonMoved():
            return f"Moved to {event.municipality} on {event.on:%d.%m.%Y}."
        case e.GapClosed():
            return f"A gap was closed: {event.outcome}"
        case _:
            return _plain(event.type)  # other streams' facts: their stored names say it


def _need(by_life_area: Mapping[str, int]) -> str:
    return ", ".join(f"{_plain(area)} {degree}" for area, degree in by_life_area.items() if degree) or "no need"


def _plain(code: str) -> str:
    return code.replace("_", " ").replace(".", " ").replace("-", " ")


def _hours(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
