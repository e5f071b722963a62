"""How far read models have got, and waiting until they show what was recorded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from domain.ports import START, Position

if TYPE_CHECKING:
    from readmodels.projector import Pool

LOOK = 0.05  # seconds between looks
WAIT = 2.0  # seconds that a reader waits for its own write to be shown


async def position_of(pool: Pool, name: str) -> Position:
    row = await pool.fetchrow("SELECT txid, number FROM read.checkpoint WHERE model = $1", name)
    return START if row is None else Position(txid=row["txid"], number=row["number"])


async def newest_position(pool: Pool) -> Position:
    """Of what is recorded by now, whether or not everybody may read on to it yet."""
    row = await pool.fetchrow("SELECT txid, position FROM teekond.event ORDER BY txid DESC, position DESC LIMIT 1")
    return START if row is None else Position(txid=row["txid"], number=row["position"])


async def wait_for(pool: Pool, name: str, position: Position) -> bool:
    """Whether the read model has got to a position, within two seconds."""
    deadline = asyncio.get_running_loop().time() + WAIT
    while await position_of(pool, name) < position:
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(LOOK)
    return True
