-- name: subjects
SELECT DISTINCT subject FROM read.report_subject
WHERE subject > $1 AND ($2::text IS NULL OR subject <= $2) AND ($3::text[] IS NULL OR municipality = ANY($3))
ORDER BY subject LIMIT $4;

-- name: ends
-- Each of as many as there are; no rows where there are fewer than $3.
SELECT max(subject) AS subject
FROM (
    SELECT subject, ntile($2) OVER (ORDER BY subject) AS share, count(*) OVER () AS number
    FROM (
        SELECT DISTINCT subject FROM read.report_subject WHERE $1::text[] IS NULL OR municipality = ANY($1)
    ) AS every
) AS shared
WHERE number >= $3 AND share < $2
GROUP BY share
ORDER BY share;

-- name: dossiers
-- What lies in the period, or stood open on its last day, and what goes along with the person. A journey has several deliveries
-- of a component in a month; added up here, they need not be carried over one by one. All subjects between two are meant, or $1
-- alone (then `subject = ANY($1)` is put in place of the condition that it is null).
SELECT
    kind, key, municipality, from_on, to_on, code, area, about, number, cents, sealed, words, because, version,
    subject, person_id
FROM read.report_fact
WHERE subject BETWEEN $7 AND $8 AND $1::text[] IS NULL AND kind = ANY(array_remove($6, 'delivery'))
    AND gone_txid >= $2
    AND (known_txid, known_number) <= ($2, $3) AND (gone_txid, gone_number) > ($2, $3)
    AND from_on <= $5 AND to_on >= $4 AND from_on <= to_on
    AND to_on >= CASE WHEN kind IN ('deadline', 'wait', 'unmet', 'places') THEN $5 ELSE $4 END
    AND (kind <> 'deadline' OR about < to_char($5, 'YYYY-MM-DD'))
    AND (kind <> 'referral' OR from_on >= $4)
    AND (kind <> 'measure' OR code = 'person')
UNION ALL
SELECT
    kind, min(key), municipality, min(from_on), max(to_on), code, area, about, sum(number)::bigint, sum(cents)::bigint,
    NULL, NULL, '', 0, subject, min(person_id)
FROM read.report_fact
WHERE subject BETWEEN $7 AND $8 AND $1::text[] IS NULL AND kind = 'delivery' AND 'delivery' = ANY($6)
    AND gone_txid >= $2
    AND (known_txid, known_number) <= ($2, $3) AND (gone_txid, gone_number) > ($2, $3)
    AND from_on BETWEEN $4 AND $5 AND to_on >= $4 AND from_on <= to_on
GROUP BY subject, kind, municipality, code, area, about;

-- name: detailed
SELECT
    kind, key, municipality, from_on, to_on, code, area, about, number, cents, sealed, words, because, version,
    subject, person_id
FROM read.report_fact
WHERE subject BETWEEN $7 AND $8 AND $1::text[] IS NULL AND kind = ANY($6)
    AND gone_txid >= $2
    AND (known_txid, known_number) <= ($2, $3) AND (gone_txid, gone_number) > ($2, $3)
    AND from_on <= $5 AND to_on >= $4 AND from_on <= to_on
    AND to_on >= CASE WHEN kind IN ('deadline', 'wait', 'unmet', 'places') THEN $5 ELSE $4 END
    AND (kind <> 'deadline' OR about < to_char($5, 'YYYY-MM-DD'))
    AND (kind <> 'referral' OR from_on >= $4);

-- name: persons
SELECT subject, kind, key, sealed
FROM read.report_fact
WHERE subject = ANY($1) AND kind = 'person'
    AND (known_txid, known_number) <= ($2, $3) AND (gone_txid, gone_number) > ($2, $3);

-- name: changed
-- Of whom something was told in between, be it of the person; what lies behind the period then and now cannot matter.
SELECT DISTINCT coalesce(journey.subject, told.subject) AS subject
FROM read.report_fact AS told
LEFT JOIN read.report_fact AS journey
    ON told.kind = 'person' AND journey.kind = 'referral' AND journey.about = told.subject
WHERE (told.known_txid, told.known_number) > ($1, $2) AND (told.known_txid, told.known_number) <= ($3, $4)
    AND told.kind = ANY($6)
    AND EXISTS (
        SELECT FROM read.report_fact AS was
        WHERE was.subject = told.subject AND was.kind = told.kind AND was.key = told.key AND was.from_on <= $5
    )
ORDER BY subject;

-- name: told_between
SELECT
    kind, key, municipality, from_on, to_on, code, area, about, number, cents, sealed, words, because, version,
    subject, person_id
FROM read.report_fact
WHERE subject = ANY($1)
    AND (known_txid, known_number) > ($2, $3) AND (known_txid, known_number) <= ($4, $5)
ORDER BY known_txid DESC, known_number DESC;

-- name: agreements
SELECT
    kind, key, municipality, from_on, to_on, code, area, about, number, cents, sealed, words, because, version,
    subject, person_id
FROM read.report_fact
WHERE kind = 'places' AND (known_txid, known_number) <= ($1, $2) AND (gone_txid, gone_number) > ($1, $2);
