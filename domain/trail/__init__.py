"""The euro's trail: from money paid back to the consent it rests on, and forward from a budget line; and its books."""

from domain.trail.adding_up import Sums, reckoned, stands
from domain.trail.books import Posting, postings
from domain.trail.claims import claim_amiss, claim_steps, journey_amiss, line_amiss, of_rows
from domain.trail.grounds import Source
from domain.trail.lines import LineTrail, line_trail
from domain.trail.recovered import Fate, fate
from domain.trail.steps import Step, facts

__all__ = [
    "Fate", "LineTrail", "Posting", "Source", "Step", "Sums", "claim_amiss", "claim_steps", "facts", "fate", "journey_amiss",
    "line_amiss", "line_trail", "of_rows", "postings", "reckoned", "stands",
]  # fmt: skip
