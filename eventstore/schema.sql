-- What all migrations add up to, beside the roles; never edited. To write it anew:
-- TEEKOND_WRITE_SCHEMA=1 pytest tests/eventstore/test_migrations.py

CREATE SCHEMA read;

ALTER SCHEMA read OWNER TO teekond_app;

CREATE SCHEMA teekond;

ALTER SCHEMA teekond OWNER TO postgres;

CREATE FUNCTION teekond.append(p_command_id text, p_request_hash text, p_result bytea, p_stream_ids text[], p_stream_kinds text[], p_stream_tenants text[], p_stream_expected bigint[], p_stream_added bigint[], p_event_types text[], p_event_schema_versions bigint[], p_event_bodies bytea[], p_event_sealed bytea[], p_event_first_subjects bigint[], p_event_last_subjects bigint[], p_event_metas bytea[], p_event_occurred timestamp with time zone[], p_event_recorded timestamp with time zone[], p_subject_ids text[], p_quota_keys text[], p_quota_used bigint[], p_quota_allowed bigint[], p_quota_limits bigint[], OUT result bytea, OUT txid xid8, OUT number bigint, OUT duplicate boolean) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
$$;

ALTER FUNCTION teekond.append(p_command_id text, p_request_hash text, p_result bytea, p_stream_ids text[], p_stream_kinds text[], p_stream_tenants text[], p_stream_expected bigint[], p_stream_added bigint[], p_event_types text[], p_event_schema_versions bigint[], p_event_bodies bytea[], p_event_sealed bytea[], p_event_first_subjects bigint[], p_event_last_subjects bigint[], p_event_metas bytea[], p_event_occurred timestamp with time zone[], p_event_recorded timestamp with time zone[], p_subject_ids text[], p_quota_keys text[], p_quota_used bigint[], p_quota_allowed bigint[], p_quota_limits bigint[], OUT result bytea, OUT txid xid8, OUT number bigint, OUT duplicate boolean) OWNER TO postgres;

CREATE FUNCTION teekond.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'TK005',
        MESSAGE = format('%s of %I.%I is refused: the record is only ever added to.', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME);
END
$$;

ALTER FUNCTION teekond.refuse_change() OWNER TO postgres;

CREATE TABLE teekond.command (
    command_id text NOT NULL COLLATE pg_catalog."C",
    request_hash text NOT NULL COLLATE pg_catalog."C",
    result bytea NOT NULL,
    txid xid8 NOT NULL,
    "position" bigint NOT NULL,
    CONSTRAINT command_command_id_check CHECK (((octet_length(command_id) >= 1) AND (octet_length(command_id) <= 200))),
    CONSTRAINT command_request_hash_check CHECK (((octet_length(request_hash) >= 1) AND (octet_length(request_hash) <= 200))),
    CONSTRAINT command_result_check CHECK ((octet_length(result) <= 1048576))
);

ALTER TABLE teekond.command OWNER TO postgres;

CREATE TABLE teekond.event (
    stream_id text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    "position" bigint NOT NULL,
    txid xid8 NOT NULL,
    tenant text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    type text NOT NULL COLLATE pg_catalog."C",
    schema_version bigint NOT NULL,
    body bytea NOT NULL,
    sealed bytea NOT NULL,
    subject_ids text[] NOT NULL,
    meta bytea NOT NULL,
    occurred_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    written_at timestamp with time zone NOT NULL,
    command_id text NOT NULL COLLATE pg_catalog."C",
    chain bytea,
    CONSTRAINT event_body_check CHECK ((octet_length(body) <= 1048576)),
    CONSTRAINT event_kind_check CHECK (((octet_length(kind) >= 1) AND (octet_length(kind) <= 200))),
    CONSTRAINT event_meta_check CHECK ((octet_length(meta) <= 65536)),
    CONSTRAINT event_position_check CHECK (("position" >= 1)),
    CONSTRAINT event_schema_version_check CHECK ((schema_version >= 1)),
    CONSTRAINT event_sealed_check CHECK ((octet_length(sealed) <= 1048576)),
    CONSTRAINT event_stream_id_check CHECK (((octet_length(stream_id) >= 1) AND (octet_length(stream_id) <= 200))),
    CONSTRAINT event_subject_ids_check CHECK ((cardinality(subject_ids) <= 100)),
    CONSTRAINT event_tenant_check CHECK (((octet_length(tenant) >= 1) AND (octet_length(tenant) <= 200))),
    CONSTRAINT event_type_check CHECK (((octet_length(type) >= 1) AND (octet_length(type) <= 200))),
    CONSTRAINT event_version_check CHECK ((version >= 1))
);

ALTER TABLE teekond.event OWNER TO postgres;

ALTER TABLE teekond.event ALTER COLUMN "position" ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME teekond.event_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE teekond.migration (
    name text NOT NULL COLLATE pg_catalog."C",
    sha256 text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE teekond.migration OWNER TO postgres;

CREATE TABLE teekond.quota (
    key text NOT NULL COLLATE pg_catalog."C",
    used bigint NOT NULL,
    allowed bigint NOT NULL,
    CONSTRAINT quota_key_check CHECK (((octet_length(key) >= 1) AND (octet_length(key) <= 400))),
    CONSTRAINT used_is_never_more_than_allowed CHECK ((used <= allowed)),
    CONSTRAINT used_is_never_negative CHECK ((used >= 0))
)
WITH (fillfactor='80');

ALTER TABLE teekond.quota OWNER TO postgres;

CREATE TABLE teekond.stream (
    stream_id text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    tenant text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    head bytea,
    CONSTRAINT stream_version_check CHECK ((version >= 1))
)
WITH (fillfactor='80');

ALTER TABLE teekond.stream OWNER TO postgres;

ALTER TABLE ONLY teekond.command
    ADD CONSTRAINT command_pkey PRIMARY KEY (command_id);

ALTER TABLE ONLY teekond.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (stream_id, version);

ALTER TABLE ONLY teekond.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (name);

ALTER TABLE ONLY teekond.quota
    ADD CONSTRAINT quota_pkey PRIMARY KEY (key);

ALTER TABLE ONLY teekond.stream
    ADD CONSTRAINT stream_pkey PRIMARY KEY (stream_id);

CREATE UNIQUE INDEX event_order ON teekond.event USING btree (txid, "position");

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON teekond.command FOR EACH STATEMENT EXECUTE FUNCTION teekond.refuse_change();

ALTER TABLE teekond.command ENABLE ALWAYS TRIGGER append_only;

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON teekond.event FOR EACH STATEMENT EXECUTE FUNCTION teekond.refuse_change();

ALTER TABLE teekond.event ENABLE ALWAYS TRIGGER append_only;

GRANT USAGE ON SCHEMA read TO teekond_reader;

GRANT USAGE ON SCHEMA teekond TO teekond_app;
GRANT USAGE ON SCHEMA teekond TO teekond_reader;

REVOKE ALL ON FUNCTION teekond.append(p_command_id text, p_request_hash text, p_result bytea, p_stream_ids text[], p_stream_kinds text[], p_stream_tenants text[], p_stream_expected bigint[], p_stream_added bigint[], p_event_types text[], p_event_schema_versions bigint[], p_event_bodies bytea[], p_event_sealed bytea[], p_event_first_subjects bigint[], p_event_last_subjects bigint[], p_event_metas bytea[], p_event_occurred timestamp with time zone[], p_event_recorded timestamp with time zone[], p_subject_ids text[], p_quota_keys text[], p_quota_used bigint[], p_quota_allowed bigint[], p_quota_limits bigint[], OUT result bytea, OUT txid xid8, OUT number bigint, OUT duplicate boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION teekond.append(p_command_id text, p_request_hash text, p_result bytea, p_stream_ids text[], p_stream_kinds text[], p_stream_tenants text[], p_stream_expected bigint[], p_stream_added bigint[], p_event_types text[], p_event_schema_versions bigint[], p_event_bodies bytea[], p_event_sealed bytea[], p_event_first_subjects bigint[], p_event_last_subjects bigint[], p_event_metas bytea[], p_event_occurred timestamp with time zone[], p_event_recorded timestamp with time zone[], p_subject_ids text[], p_quota_keys text[], p_quota_used bigint[], p_quota_allowed bigint[], p_quota_limits bigint[], OUT result bytea, OUT txid xid8, OUT number bigint, OUT duplicate boolean) TO teekond_app;

GRANT SELECT ON TABLE teekond.command TO teekond_app;
GRANT SELECT ON TABLE teekond.command TO teekond_reader;

GRANT SELECT ON TABLE teekond.event TO teekond_app;
GRANT SELECT ON TABLE teekond.event TO teekond_reader;

GRANT SELECT ON TABLE teekond.migration TO teekond_app;
GRANT SELECT ON TABLE teekond.migration TO teekond_reader;

GRANT SELECT ON TABLE teekond.quota TO teekond_app;
GRANT SELECT ON TABLE teekond.quota TO teekond_reader;

GRANT SELECT ON TABLE teekond.stream TO teekond_app;
GRANT SELECT ON TABLE teekond.stream TO teekond_reader;

ALTER DEFAULT PRIVILEGES FOR ROLE teekond_app IN SCHEMA read GRANT SELECT ON TABLES TO teekond_reader;

ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA teekond GRANT SELECT ON TABLES TO teekond_app;
ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA teekond GRANT SELECT ON TABLES TO teekond_reader;
