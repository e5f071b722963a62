-- name: tell
-- What was so until now is kept beside it, with the event that replaced it.
WITH replaced AS (
    UPDATE read.report_fact SET gone_txid = $4, gone_number = $5
    WHERE subject = $1 AND kind = $2 AND key = $3 AND gone_txid = 4611686018427387904
)
INSERT INTO read.report_fact (
    subject, kind, key, known_txid, known_number, from_on, to_on, version, number, cents, code, area, about, municipality,
    person_id, because, sealed, words
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18);
