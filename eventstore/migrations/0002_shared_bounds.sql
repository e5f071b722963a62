-- A quota move may say its limit: for bounds that several streams share and none of them owns, such as what a person may get
-- of a component in a year, over all their journeys.

SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';

-- No release has called it yet. Once one has, the old shape stays beside the new until the last such worker is gone.
-- squawk-ignore ban-drop-function
DROP FUNCTION teekond.append;

-- The only way to write. All or nothing, in the caller's transaction; relies on READ COMMITTED, where each statement sees
-- what was committed before it began. Refusals, with the name of what refused as DETAIL:
--   TK001  the command id is known with other content             (command id)
--   TK002  a stream does not stand at its expected version        (stream id)
--   TK003  a bound would not hold                                 (quota key)
--   TK004  a stream is of another kind                            (stream id)
--   TK005  the record may not be changed                          (raised by refuse_change)
-- Arrays stand side by side: one entry a stream (with how many of the events are its), one an event (in the streams'
-- order, each naming its slice of p_subject_ids), one a quota move. Streams and quota moves come sorted and each once, so
-- that two appends never wait for each other in a circle. Plain loops: a set-based form costs twice as much for the one
-- event that nearly every step has.
CREATE FUNCTION teekond.append(
    p_command_id text,
    p_request_hash text,
    p_result bytea,
    p_stream_ids text[],
    p_stream_kinds text[],
    p_stream_tenants text[],
    p_stream_expected bigint[],
    p_stream_added bigint[],
    p_event_types text[],
    p_event_schema_versions bigint[],
    p_event_bodies bytea[],
    p_event_sealed bytea[],
    p_event_first_subjects bigint[],
    p_event_last_subjects bigint[],
    p_event_metas bytea[],
    p_event_occurred timestamptz[],
    p_event_recorded timestamptz[],
    p_subject_ids text[],
    p_quota_keys text[],
    p_quota_used bigint[],
    p_quota_allowed bigint[],
    p_quota_limits bigint[],
    OUT result bytea,
    OUT txid xid8,
    OUT number bigint,
    OUT duplicate boolean
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $append$
DECLARE
    events bigint := cardinality(p_event_types);
    numbers bigint[];
    known record;
    stream_kind text;
    written_now timestamptz;
    e bigint := 0;
BEGIN
    result := p_result;
    txid := pg_current_xact_id();
    duplicate := false;

    -- Numbers first, because the command row names the last one and is never changed afterwards. Gaps do no harm.
    FOR i IN 1..events LOOP
        numbers[i] := nextval('teekond.event_position_seq');
    END LOOP;
    number := numbers[events];

    -- Claim the command. A concurrent retry waits here for the first attempt, and then finds its answer.
    INSERT INTO teekond.command (command_id, request_hash, result, txid, position)
    VALUES (p_command_id, p_request_hash, append.result, append.txid, append.number)
    ON CONFLICT DO NOTHING;

    IF NOT FOUND THEN
        SELECT c.* INTO STRICT known FROM teekond.command AS c WHERE c.command_id = p_command_id;
        IF known.request_hash <> p_request_hash THEN
            RAISE EXCEPTION USING ERRCODE = 'TK001',
                MESSAGE = 'The same command id came with other content.', DETAIL = p_command_id;
        END IF;
        result := known.result;
        txid := known.txid;
        number := known.position;
        duplicate := true;
        RETURN;
    END IF;

    -- Move each stream from its expected version.
    FOR i IN 1..cardinality(p_stream_ids) LOOP
        IF p_stream_expected[i] = 0 THEN
            INSERT INTO teekond.stream AS s (stream_id, kind, tenant, version)
            VALUES (p_stream_ids[i], p_stream_kinds[i], p_stream_tenants[i], p_stream_added[i])
            ON CONFLICT DO NOTHING
            RETURNING s.kind INTO stream_kind;
        ELSE
            UPDATE teekond.stream AS s
            SET version = s.version + p_stream_added[i], tenant = p_stream_tenants[i]
            WHERE s.stream_id = p_stream_ids[i] AND s.version = p_stream_expected[i]
            RETURNING s.kind INTO stream_kind;
        END IF;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'TK002',
                MESSAGE = 'Another step was recorded in the same stream first.', DETAIL = p_stream_ids[i];
        END IF;
        IF stream_kind <> p_stream_kinds[i] THEN
            RAISE EXCEPTION USING ERRCODE = 'TK004',
                MESSAGE = format('The stream is a %s, not a %s.', stream_kind, p_stream_kinds[i]),
                DETAIL = p_stream_ids[i];
        END IF;
    END LOOP;

    -- Move the bounds. The condition looks again after waiting for another's move; the table's CHECKs would hold too, but
    -- catching them needs a subtransaction.
    FOR i IN 1..cardinality(p_quota_keys) LOOP
        INSERT INTO teekond.quota (key, used, allowed) VALUES (p_quota_keys[i], 0, 0) ON CONFLICT DO NOTHING;
        -- A limit stands for as long as nobody uses more; what is given back passes also when the limit has been lowered.
        UPDATE teekond.quota AS q
        SET used = q.used + p_quota_used[i],
            allowed = CASE
                WHEN p_quota_limits[i] IS NULL THEN q.allowed + p_quota_allowed[i]
                WHEN p_quota_used[i] > 0 THEN p_quota_limits[i]
                ELSE q.allowed
            END
        WHERE q.key = p_quota_keys[i]
            AND q.used + p_quota_used[i] BETWEEN 0 AND CASE
                WHEN p_quota_limits[i] IS NULL THEN q.allowed + p_quota_allowed[i]
                WHEN p_quota_used[i] > 0 THEN p_quota_limits[i]
                ELSE q.allowed
            END;
        IF NOT FOUND THEN
            RAISE EXCEPTION USING ERRCODE = 'TK003',
                MESSAGE = 'A bound would not hold.', DETAIL = p_quota_keys[i];
        END IF;
    END LOOP;

    -- Write the events. The clock is read behind the locks, so that it never runs backwards within a stream.
    written_now := clock_timestamp();
    FOR i IN 1..cardinality(p_stream_ids) LOOP
        FOR added IN 1..p_stream_added[i] LOOP
            e := e + 1;
            INSERT INTO teekond.event (
                stream_id, version, position, txid, tenant, kind, type, schema_version,
                body, sealed, subject_ids, meta, occurred_at, recorded_at, written_at, command_id
            ) VALUES (
                p_stream_ids[i], p_stream_expected[i] + added, numbers[e], append.txid, p_stream_tenants[i],
                p_stream_kinds[i], p_event_types[e], p_event_schema_versions[e],
                p_event_bodies[e], p_event_sealed[e], p_subject_ids[p_event_first_subjects[e]:p_event_last_subjects[e]],
                p_event_metas[e], p_event_occurred[e], p_event_recorded[e], written_now, p_command_id
            );
        END LOOP;
    END LOOP;
    ASSERT e = events, 'every event belongs to a stream';
END
$append$;

REVOKE ALL ON FUNCTION teekond.append FROM PUBLIC;
GRANT EXECUTE ON FUNCTION teekond.append TO teekond_app;
