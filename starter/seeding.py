"""What an installation needs before its first person: the programme's agreements; in the demonstration providers too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from activities.messages import Outcome, Submission, digest
from domain.decision import NATIONAL, Actor, Command, Role
from domain.places import SignAgreement
from domain.programme import Programme
from domain.providers import ContractProvider
from starter.submit import Refused, Submitter, step_of

SEEDER = Actor(id="seed", role=Role.COORDINATOR, municipality=NATIONAL)
PROVIDERS = (("90000001", "Päikesetee Tugi [synthetic]"), ("90000002", "Samm Edasi [synthetic]"))


def seeds(programme: Programme, on: date) -> Iterator[Command]:
    """The same commands every time, so that seeding twice adds nothing."""
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
    if programme.synthetic:
        catalogue = programme.catalogue(on)
        for registry_code, name in PROVIDERS:
            yield ContractProvider(
                provider_name=name,
                registry_code=registry_code,
                components=tuple(catalogue.components),
                municipalities=tuple(each.code for each in programme.municipalities),
                valid_from=catalogue.valid_from,
                synthetic=True,
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
