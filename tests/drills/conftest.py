"""What the drills share with the tests of the workflows: an engine of their own, and a database."""

from tests.workflows.conftest import client, pool

__all__ = ["client", "pool"]
