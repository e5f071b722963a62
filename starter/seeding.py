"""What an installation needs before its first person: its programme, the agreements, and in the demonstration providers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from activities.messages import Outcome, Submission, digest
from domain.care import ProgrammeFile
from domain.decision import NATIONAL, Actor, Command, Role
from domain.places import SignAgreement
from domain.programme import EVERY, Programme, packaged_texts
from domain.providers import ContractProvider
from domain.publications import PublishProgramme
from starter.submit import Refused, Submitter, step_of

SEEDER = Actor(id="seed", role=Role.COORDINATOR, municipality=NATIONAL)


def seeds(programme: Programme, on: date) -> Iterator[Command]:
    """The same commands every time, so that seeding twice adds nothing."""
    yield PublishProgramme(
        programme=programme.code,
        files=tuple(ProgrammeFile(name=name, text=text) for name, text in packaged_texts(programme.code).items()),
    )
    for terms in programme.agreements:
        yield SignAgreement(
            agreement=terms.code,
            municipalities=terms.municipalities,
            valid_from=terms.valid_from,
            valid_to=terms.valid_to,
            places=terms.places,
            coordinator=terms.coordinator,
            synthetic=programme.synthetic,
        )
    if programme.providers:
        catalogue = programme.catalogue(on)
        everywhere = tuple(each.code for each in programme.municipalities)
        for example in programme.providers:
            yield ContractProvider(
                provider_name=example.name,
                registry_code=example.registry_code,
                components=tuple(catalogue.components) if EVERY in example.components else example.components,
                municipalities=everywhere if EVERY in example.municipalities else example.municipalities,
                valid_from=catalogue.valid_from,
                synthetic=True,
                based_in=example.based_in,
                languages=example.languages,
                capacity_minutes_per_month=example.capacity_minutes_per_month,
            )


async def seed(submitter: Submitter, programme: Programme, *, on: date) -> list[Outcome]:
    """Raises Unavailable if no worker answers; what is there already stays as it is."""
    outcomes = []
    for command in seeds(programme, on):
        try:
            outcomes.append(await submitter.submit(_step(command)))
        except Refused as refused:
            if refused.refusal.code not in ("agreement_exists", "provider_exists", "idempotency_key_reused"):
                raise
    return outcomes


def _step(command: Command) -> Submission:
    stream_id = command.stream_named()
    assert stream_id is not None, "what is seeded has a natural name"
    return step_of(command, SEEDER, stream_id=stream_id, command_id=digest(SEEDER.id, stream_id, *_period(command)))


def _period(command: Command) -> tuple[str, ...]:
    """Each period of an agreement is a step of its own."""
    return (str(command.valid_from),) if isinstance(command, SignAgreement) else ()
