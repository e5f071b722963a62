"""Why a population is not generated."""

from __future__ import annotations


class NoAgreements(Exception):
    """No agreement is recorded yet; `teekond seed` records what the programme needs before its first person."""


class OnlySynthetic(Exception):
    """People are made up only beside a made-up programme: set TEEKOND_PROGRAMME=demonstration."""
