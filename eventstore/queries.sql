-- name: append
SELECT result, txid, number AS position, duplicate
FROM teekond.append(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22
);

-- name: read_stream
-- Events and the known command side by side in one answer: a join that never matches keeps every row of both.
SELECT
    e.stream_id, e.version, e.txid, e.position, e.tenant, e.kind, e.type, e.schema_version, e.body, e.sealed,
    e.subject_ids, e.meta, e.occurred_at, e.recorded_at, e.written_at, e.command_id,
    c.request_hash AS known_hash, c.result AS known_result, c.txid AS known_txid, c.position AS known_position
FROM (
    SELECT * FROM teekond.event WHERE stream_id = $1 AND version > $2 ORDER BY version LIMIT $3
) AS e
FULL JOIN (
    SELECT * FROM teekond.command WHERE command_id = $4
) AS c ON false
ORDER BY e.version;

-- name: read_all
-- Only what nobody can overtake any more: every transaction before xmin has ended, so none can commit behind the reader.
SELECT
    stream_id, version, txid, position, tenant, kind, type, schema_version, body, sealed,
    subject_ids, meta, occurred_at, recorded_at, written_at, command_id
FROM teekond.event
WHERE (txid, position) > ($1, $2) AND txid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY txid, position
LIMIT $3;

-- name: head
SELECT stream_id, kind, tenant, version FROM teekond.stream WHERE stream_id = $1;

-- name: quota
SELECT used, allowed FROM teekond.quota WHERE key = $1;
