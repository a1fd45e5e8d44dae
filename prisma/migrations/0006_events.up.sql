-- The log of each organization: events are appended under one lock and never changed, and each carries a hash over all
-- before it. docs/adr/0019 and docs/adr/0020 have the reasons.
CREATE SCHEMA events;
GRANT USAGE ON SCHEMA events TO tenantry_runtime, tenantry_definer;

-- heads: the last position of each organization and its hash, 32 zero bytes before the first. Whoever appends locks the
-- row first. Pages are kept mostly empty, so that a new version of the row finds room beside the old one and no index has
-- to know.
CREATE TABLE events.heads (
  org_id     uuid PRIMARY KEY REFERENCES iam.organizations (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  position   bigint NOT NULL,
  hash       bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
  created_at timestamptz(3) NOT NULL DEFAULT now()
) WITH (fillfactor = 30);
CREATE INDEX ON events.heads (org_id, created_at);

-- events: what happened. Who acted has no foreign key: what is written here outlives members, keys and sessions. What a
-- row must be is one CHECK and no more than needed, because PostgreSQL reads each of them anew for every statement: as
-- many as other tables have took a third of an append's time.
CREATE TABLE events.events (
  org_id              uuid NOT NULL REFERENCES events.heads (org_id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  id                  uuid NOT NULL DEFAULT uuidv7(),
  position            bigint NOT NULL,
  type                text COLLATE "C" NOT NULL,
  aggregate_type      text COLLATE "C",
  aggregate_id        uuid,
  aggregate_version   bigint,
  data                jsonb NOT NULL,
  metadata            jsonb NOT NULL,
  tags                text[] NOT NULL,
  actor_kind          text NOT NULL,
  actor_user_id       uuid,
  actor_membership_id uuid,
  actor_credential_id uuid,
  correlation_id      text,
  causation_id        text,
  source              text NOT NULL,
  ip                  inet,
  user_agent          text,
  created_at          timestamptz(3) NOT NULL,
  hash                bytea NOT NULL, -- SHA-256 over the hash of the event before and this event's body
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, aggregate_type, aggregate_id, aggregate_version),
  CONSTRAINT events_is_event_check CHECK (
    type ~ '^[A-Z][A-Z0-9_]{0,49}\.[A-Z][A-Z0-9_]{0,49}$' AND jsonb_typeof(data) = 'object' AND jsonb_typeof(metadata) = 'object'
    AND num_nulls(aggregate_type, aggregate_id, aggregate_version) IN (0, 3)
    AND actor_kind IN ('user', 'api_key', 'system') AND (actor_kind = 'system') = (actor_user_id IS NULL)
    AND source IN ('api', 'cli', 'webhook', 'system'))
);
CREATE INDEX ON events.events (org_id, type, position);
CREATE INDEX ON events.events (org_id, created_at, id);
-- The last one: of indexes that seem to cost the same the planner takes the latest, and in a table that was never analyzed
-- all do. What is asked for by position would look through every event of the organization else.
CREATE UNIQUE INDEX events_org_id_position_key ON events.events (org_id, position);

-- event_tags: what events are found by. Array and jsonb operators use no index under row level security, so each tag is
-- a row. The type stands beside it, so that a frequent tag with a rare type is one short range of an index too.
--
-- The key leads to the log and not to the event: asking for the event of each tag would cost every append, and the tags of
-- each event that is archived would be looked for along all tags. Tags are written with their events by one statement, and
-- that they agree is checked by the audit.
CREATE TABLE events.event_tags (
  org_id     uuid NOT NULL REFERENCES events.heads (org_id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  tag        text COLLATE "C" NOT NULL CHECK (tag ~ '^\S{1,200}$'),
  position   bigint NOT NULL,
  type       text COLLATE "C" NOT NULL,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (org_id, tag, position)
);
CREATE INDEX ON events.event_tags (org_id, tag, type, position);
CREATE INDEX ON events.event_tags (org_id, created_at);

-- processing_marks: how far each consumer has come. Positions have no gap, so one number says it all.
CREATE TABLE events.processing_marks (
  org_id          uuid NOT NULL REFERENCES iam.organizations (id) ON DELETE CASCADE ON UPDATE CASCADE,
  consumer        text COLLATE "C" NOT NULL CHECK (consumer ~ '^\S+$' AND length(consumer) <= 100),
  position        bigint NOT NULL CHECK (position >= 0),
  failed_attempts integer NOT NULL DEFAULT 0 CHECK (failed_attempts >= 0), -- at the event after the position
  last_error      text CHECK (length(last_error) <= 1000),
  created_at      timestamptz(3) NOT NULL DEFAULT now(),
  updated_at      timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, consumer)
);
CREATE INDEX ON events.processing_marks (org_id, created_at);
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON events.processing_marks FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();

-- checkpoints: where the server's key has signed that the log had this hash at this position. A chain that was reckoned
-- anew from a changed event on has no such signature. The time is part of what is signed.
CREATE TABLE events.checkpoints (
  org_id     uuid NOT NULL REFERENCES events.heads (org_id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  position   bigint NOT NULL CHECK (position > 0),
  hash       bytea NOT NULL CHECK (length(hash) = 32),
  key_id     text COLLATE "C" NOT NULL CHECK (key_id ~ '^[0-9a-f]{16}$'),
  signature  bytea NOT NULL CHECK (length(signature) = 64),
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (org_id, position)
);
CREATE INDEX ON events.checkpoints (org_id, created_at);

-- archives: up to where the events of an organization were moved to a file, with the file's checksum and a signature: who
-- takes events away without one is found out.
CREATE TABLE events.archives (
  org_id     uuid NOT NULL REFERENCES events.heads (org_id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  position   bigint NOT NULL CHECK (position > 0),
  hash       bytea NOT NULL CHECK (length(hash) = 32),
  checksum   bytea NOT NULL CHECK (length(checksum) = 32),
  bytes      bigint NOT NULL CHECK (bytes > 0),
  key_id     text COLLATE "C" NOT NULL CHECK (key_id ~ '^[0-9a-f]{16}$'),
  signature  bytea NOT NULL CHECK (length(signature) = 64),
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (org_id, position),
  FOREIGN KEY (org_id, position) REFERENCES events.checkpoints (org_id, position) ON DELETE RESTRICT ON UPDATE RESTRICT
);
CREATE INDEX ON events.archives (org_id, created_at);

-- archived_versions: the last version of each aggregate whose events were archived, so that its next event does not begin
-- to count anew.
CREATE TABLE events.archived_versions (
  org_id         uuid NOT NULL REFERENCES events.heads (org_id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  aggregate_type text COLLATE "C" NOT NULL,
  aggregate_id   uuid NOT NULL,
  version        bigint NOT NULL CHECK (version > 0),
  created_at     timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, aggregate_type, aggregate_id)
);
CREATE INDEX ON events.archived_versions (org_id, created_at);

-- Nobody changes what happened, not even who owns the table. Triggers of statements refuse before a row is looked for, so
-- they speak up also where a policy would hide all rows. Only what was archived may go, and only by the function that
-- archives, which says so; that it was archived is asked once more of every row that has gone.
CREATE FUNCTION events.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF TG_OP = 'DELETE' AND TG_ARGV[0] = 'but archived' AND current_setting('events.archiving', true) = 'on' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'events are only ever appended: % of %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'DCB02';
END $$;

CREATE FUNCTION events.refuse_unarchived() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (
    SELECT FROM (SELECT org_id, max(position) AS position FROM gone GROUP BY org_id) AS last
    WHERE NOT EXISTS (SELECT FROM events.archives a WHERE a.org_id = last.org_id AND a.position >= last.position))
  THEN
    RAISE EXCEPTION 'events are only ever appended: what was not archived is not removed' USING ERRCODE = 'DCB02';
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON events.events
  FOR EACH STATEMENT EXECUTE FUNCTION events.refuse_change('but archived');
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON events.event_tags
  FOR EACH STATEMENT EXECUTE FUNCTION events.refuse_change('but archived');
CREATE TRIGGER refuse_unarchived AFTER DELETE ON events.events REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION events.refuse_unarchived();
CREATE TRIGGER refuse_unarchived AFTER DELETE ON events.event_tags REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION events.refuse_unarchived();
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON events.heads
  FOR EACH STATEMENT EXECUTE FUNCTION events.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON events.checkpoints
  FOR EACH STATEMENT EXECUTE FUNCTION events.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON events.archives
  FOR EACH STATEMENT EXECUTE FUNCTION events.refuse_change();

-- The first positions after p_after, at most p_limit and ascending, of the organization's events that match p_query: one
-- item must match; of an item's types one must be the event's, and of its tags all; one without both matches every event.
-- An item's exceptNouns are nouns that the event's type must not have: what somebody may not read is no match for them.
-- Conditions of appends and all reads ask here. It runs with the rights of its caller, whose policies hold, and names the
-- organization itself too.
--
-- With types there is a range for each: of several at once no index gives an order by position. The range is asked for by
-- where it begins, and what lies beyond its end is dropped. Asked for by equality, a planner that thinks there is one type
-- in all would go along another index, past every event of other types.
--
-- STABLE: all of its statements see what the statement that calls it sees, so that a reader gets the head and the events
-- from one snapshot. The function that appends calls it in a statement of its own, which begins when the lock is held.
CREATE FUNCTION events.find_positions(p_query jsonb, p_after bigint, p_limit integer) RETURNS bigint[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
  v_org_id uuid := app.current_org_id();
  v_found  bigint[] := '{}';
  v_item   jsonb;
  v_types  text[];
  v_tags   text[];
  v_except text[];
  v_type   text;
  v_along  text;
  v_others text[];
  v_from   bigint;
BEGIN
  FOR v_item IN SELECT value FROM jsonb_array_elements(p_query) LOOP
    v_types := ARRAY(SELECT jsonb_array_elements_text(v_item -> 'types'));
    v_tags := ARRAY(SELECT jsonb_array_elements_text(v_item -> 'tags'));
    v_except := ARRAY(SELECT jsonb_array_elements_text(v_item -> 'exceptNouns'));
    IF cardinality(v_tags) = 0 AND cardinality(v_types) = 0 THEN
      v_found := v_found || ARRAY(
        SELECT e.position FROM events.events e
        WHERE e.org_id = v_org_id AND e.position > p_after
          AND (cardinality(v_except) = 0 OR split_part(e.type, '.', 1) <> ALL (v_except))
        ORDER BY e.position LIMIT p_limit);
    ELSIF cardinality(v_tags) = 0 THEN
      FOREACH v_type IN ARRAY v_types LOOP
        v_found := v_found || ARRAY(
          SELECT e.position FROM (
            SELECT type, position FROM events.events
            WHERE org_id = v_org_id AND (type, position) > (v_type, p_after) ORDER BY type, position LIMIT p_limit) AS e
          WHERE e.type = v_type AND split_part(v_type, '.', 1) <> ALL (v_except));
      END LOOP;
    ELSIF cardinality(v_tags) = 1 AND cardinality(v_types) = 0 THEN
      v_found := v_found || ARRAY(
        SELECT t.position FROM events.event_tags t
        WHERE t.org_id = v_org_id AND t.tag = v_tags[1] AND t.position > p_after
          AND (cardinality(v_except) = 0 OR split_part(t.type, '.', 1) <> ALL (v_except))
        ORDER BY t.position LIMIT p_limit);
    ELSIF cardinality(v_tags) = 1 THEN
      FOREACH v_type IN ARRAY v_types LOOP
        v_found := v_found || ARRAY(
          SELECT t.position FROM (
            SELECT tag, type, position FROM events.event_tags
            WHERE org_id = v_org_id AND (tag, type, position) > (v_tags[1], v_type, p_after)
            ORDER BY tag, type, position LIMIT p_limit) AS t
          WHERE t.tag = v_tags[1] AND t.type = v_type AND split_part(v_type, '.', 1) <> ALL (v_except));
      END LOOP;
    ELSE
      -- All tags begin to meet at the latest of their first positions, and the tag that has it is likely the rarest: the
      -- search goes along that one. A tag that never comes again ends it at once.
      SELECT w.tag, f.position INTO v_along, v_from
      FROM unnest(v_tags) AS w (tag)
      LEFT JOIN LATERAL (
        SELECT t.position FROM events.event_tags t
        WHERE t.org_id = v_org_id AND t.tag = w.tag AND t.position > p_after ORDER BY t.position LIMIT 1) AS f ON true
      ORDER BY f.position DESC NULLS FIRST LIMIT 1;
      CONTINUE WHEN v_from IS NULL;
      v_others := array_remove(v_tags, v_along);
      v_found := v_found || ARRAY(
        SELECT t.position FROM events.event_tags t
        WHERE t.org_id = v_org_id AND t.tag = v_along AND t.position >= v_from
          AND (cardinality(v_types) = 0 OR t.type = ANY (v_types))
          AND (cardinality(v_except) = 0 OR split_part(t.type, '.', 1) <> ALL (v_except))
          AND NOT EXISTS (
            SELECT FROM unnest(v_others) AS w (tag)
            WHERE NOT EXISTS (
              SELECT FROM events.event_tags o WHERE o.org_id = v_org_id AND o.tag = w.tag AND o.position = t.position))
        ORDER BY t.position LIMIT p_limit);
    END IF;
  END LOOP;
  RETURN ARRAY(SELECT DISTINCT match FROM unnest(v_found) AS match ORDER BY match LIMIT p_limit);
END $$;

-- An event as one text: what its hash is over, and what an export shows. Whoever appends, exports or verifies asks here, so
-- that nobody has to know how to write JSON in one canonical way. An order of its own, times in UTC, and nothing that
-- depends on a setting.
CREATE FUNCTION events.body(e events.events) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
BEGIN
  RETURN json_build_object(
    'organization', e.org_id, 'position', e.position, 'id', e.id, 'type', e.type,
    'aggregateType', e.aggregate_type, 'aggregateId', e.aggregate_id, 'aggregateVersion', e.aggregate_version,
    'data', e.data, 'metadata', e.metadata, 'tags', e.tags,
    'actorKind', e.actor_kind, 'actorUserId', e.actor_user_id, 'actorMembershipId', e.actor_membership_id,
    'actorCredentialId', e.actor_credential_id, 'correlationId', e.correlation_id, 'causationId', e.causation_id,
    'source', e.source, 'ip', e.ip, 'userAgent', e.user_agent,
    'createdAt', to_char(e.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'));
END $$;

-- Appends events to the log of the statement's organization, all or none, and tells what the database decided about each.
-- Nothing else writes events. Called last in its transaction: it holds back all other appends of the organization until
-- the transaction ends.
--
-- With p_fail_if_match it fails with DCB01 when an event after p_after matches that query; the detail is the first such
-- position.
--
-- Why it is right: the head's row is locked before anything is looked at, and stays locked until the commit, so appends of
-- one organization are one after the other. VOLATILE, so that each statement below sees what was committed before it
-- began: also what the one that held the lock before has appended. Were the function STABLE, or the look a part of the
-- statement that waits for the lock, the look would be older than the lock and miss that. Under REPEATABLE READ all
-- statements see the same, and a head that changed meanwhile is an error (40001), so nothing is missed either.
--
-- The organization is the statement's and no argument: whoever calls can append where the policies let it, nowhere else.
CREATE FUNCTION events.append(p_events jsonb, p_fail_if_match jsonb, p_after bigint)
RETURNS TABLE ("position" bigint, id uuid, aggregate_version bigint, created_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
#variable_conflict use_column
DECLARE
  v_org_id   uuid := app.current_org_id();
  v_count    integer := jsonb_array_length(p_events);
  v_base     bigint;
  v_hash     bytea;
  v_conflict bigint;
  v_now      timestamptz(3);
  v_event    events.events;
  v_events   events.events[] := '{}';
BEGIN
  IF v_count = 0 THEN
    RAISE EXCEPTION 'there is nothing to append' USING ERRCODE = '22023';
  END IF;

  SELECT position, hash INTO v_base, v_hash FROM events.heads WHERE org_id = v_org_id FOR UPDATE;
  IF NOT FOUND THEN
    -- The first of the organization. Whoever is first at the same time waits here.
    INSERT INTO events.heads (org_id, position) VALUES (v_org_id, 0) ON CONFLICT (org_id) DO NOTHING;
    SELECT position, hash INTO STRICT v_base, v_hash FROM events.heads WHERE org_id = v_org_id FOR UPDATE;
  END IF;

  IF p_fail_if_match IS NOT NULL THEN
    v_conflict := (events.find_positions(p_fail_if_match, p_after, 1))[1];
    IF v_conflict IS NOT NULL THEN
      RAISE EXCEPTION 'an event that matches was appended meanwhile' USING ERRCODE = 'DCB01', DETAIL = v_conflict;
    END IF;
  END IF;

  -- After the lock: the later position never has the earlier time.
  v_now := clock_timestamp();
  FOR v_event IN
    SELECT v_org_id, uuidv7(), v_base + n, e ->> 'type', e ->> 'aggregateType', (e ->> 'aggregateId')::uuid,
           CASE WHEN e ->> 'aggregateId' IS NOT NULL THEN
             row_number() OVER (PARTITION BY e ->> 'aggregateType', e ->> 'aggregateId' ORDER BY n) + coalesce((
               SELECT max(earlier.aggregate_version) FROM events.events earlier
               WHERE earlier.org_id = v_org_id AND earlier.aggregate_type = e ->> 'aggregateType'
                 AND earlier.aggregate_id = (e ->> 'aggregateId')::uuid), (
               SELECT archived.version FROM events.archived_versions archived
               WHERE archived.org_id = v_org_id AND archived.aggregate_type = e ->> 'aggregateType'
                 AND archived.aggregate_id = (e ->> 'aggregateId')::uuid), 0)
           END,
           e -> 'data', e -> 'metadata',
           ARRAY(SELECT DISTINCT tag COLLATE "C" FROM jsonb_array_elements_text(e -> 'tags') AS tag ORDER BY 1),
           e ->> 'actorKind', (e ->> 'actorUserId')::uuid, (e ->> 'actorMembershipId')::uuid, (e ->> 'actorCredentialId')::uuid,
           e ->> 'correlationId', e ->> 'causationId', e ->> 'source', (e ->> 'ip')::inet, e ->> 'userAgent', v_now, NULL::bytea
    FROM jsonb_array_elements(p_events) WITH ORDINALITY AS given (e, n) ORDER BY n
  LOOP
    v_hash := sha256(v_hash || convert_to(events.body(v_event), 'UTF8'));
    v_event.hash := v_hash;
    v_events := array_append(v_events, v_event);
  END LOOP;
  UPDATE events.heads SET position = v_base + v_count, hash = v_hash WHERE org_id = v_org_id;

  RETURN QUERY
  WITH written AS (
    INSERT INTO events.events SELECT * FROM unnest(v_events) RETURNING *
  ), tagged AS (
    INSERT INTO events.event_tags (org_id, tag, position, type, created_at)
    SELECT w.org_id, tag, w.position, w.type, w.created_at FROM written w, unnest(w.tags) AS tag
  )
  SELECT w.position, w.id, w.aggregate_version, w.created_at FROM written w;
END $$;

-- Appends for several commands, one after the other, in one transaction: a commit for all of them instead of one for each.
-- Each stands for itself. It sees what those before it appended, and one whose condition fails appends nothing, is told
-- so by the position, and takes no other with it.
CREATE FUNCTION events.append_each(p_commands jsonb)
RETURNS TABLE (command bigint, conflict bigint, "position" bigint, id uuid, aggregate_version bigint, created_at timestamptz)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $$
DECLARE
  v_command  jsonb;
  v_number   bigint;
  v_conflict text;
BEGIN
  FOR v_command, v_number IN SELECT value, ordinality FROM jsonb_array_elements(p_commands) WITH ORDINALITY LOOP
    BEGIN
      RETURN QUERY
      SELECT v_number, NULL::bigint, a.position, a.id, a.aggregate_version, a.created_at
      FROM events.append(v_command -> 'events', nullif(v_command -> 'query', 'null'), (v_command ->> 'after')::bigint) AS a;
    EXCEPTION WHEN SQLSTATE 'DCB01' THEN
      GET STACKED DIAGNOSTICS v_conflict = PG_EXCEPTION_DETAIL;
      RETURN QUERY SELECT v_number, v_conflict::bigint, NULL::bigint, NULL::uuid, NULL::bigint, NULL::timestamptz;
    END;
  END LOOP;
END $$;

-- The log from a position to another, for whoever exports or verifies: as many events as fit into so many bytes, and at
-- least one. The caller holds no more than that in memory, however large the events are. It runs with the rights of its
-- caller, whose policies hold, and names the organization itself too.
CREATE FUNCTION events.read_chain(p_after bigint, p_through bigint, p_bytes bigint)
RETURNS TABLE ("position" bigint, hash bytea, body text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
  v_org_id uuid := app.current_org_id();
  v_event  events.events;
  v_left   bigint := p_bytes;
BEGIN
  FOR v_event IN
    SELECT * FROM events.events e
    WHERE e.org_id = v_org_id AND e.position > p_after AND e.position <= p_through ORDER BY e.position
  LOOP
    position := v_event.position;
    hash := v_event.hash;
    body := events.body(v_event);
    RETURN NEXT;
    v_left := v_left - octet_length(body);
    EXIT WHEN v_left <= 0;
  END LOOP;
END $$;

-- Organizations whose log has grown by so many events since its last checkpoint, or has grown at all since one that is so
-- old. It tells ids and nothing else, and is asked before an organization is known: it looks across all.
CREATE FUNCTION events.find_unsigned(p_events bigint, p_age interval) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT head.org_id FROM events.heads head
  LEFT JOIN LATERAL (
    SELECT c.position, c.created_at FROM events.checkpoints c
    WHERE c.org_id = head.org_id ORDER BY c.position DESC LIMIT 1) AS last ON true
  WHERE head.position > coalesce(last.position, 0)
    AND (head.position >= last.position + p_events OR coalesce(last.created_at < now() - p_age, true))
$$;

-- Every organization with its name in addresses, also one without a log, because it may have been taken away; only that of
-- the system itself may do without one. For the operator's commands, and not for the server.
CREATE FUNCTION events.find_logs() RETURNS TABLE (org_id uuid, slug text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT o.id, o.slug FROM iam.organizations o LEFT JOIN events.heads h ON h.org_id = o.id
  WHERE NOT o.is_system OR h.org_id IS NOT NULL ORDER BY o.slug
$$;

-- Takes the events of the statement's organization up to a position away, once they lie in a file, and keeps the record of
-- that file. Answers how many went. What is not covered by a checkpoint of the same hash stays. The record, the removal
-- and the event that tells of them are one: there is none without the others.
CREATE FUNCTION events.archive(
  p_position bigint, p_hash bytea, p_checksum bytea, p_bytes bigint, p_key_id text, p_signature bytea, p_created_at timestamptz)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  v_org_id uuid := app.current_org_id();
  v_before bigint;
  v_count  bigint;
BEGIN
  IF NOT EXISTS (
    SELECT FROM events.events e JOIN events.checkpoints c USING (org_id, position, hash)
    WHERE e.org_id = v_org_id AND e.position = p_position AND e.hash = p_hash)
  THEN
    RAISE EXCEPTION 'no checkpoint covers position %', p_position USING ERRCODE = 'DCB02';
  END IF;
  v_before := coalesce((SELECT max(a.position) FROM events.archives a WHERE a.org_id = v_org_id), 0);
  INSERT INTO events.archives (org_id, position, hash, checksum, bytes, key_id, signature, created_at)
  VALUES (v_org_id, p_position, p_hash, p_checksum, p_bytes, p_key_id, p_signature, p_created_at);
  INSERT INTO events.archived_versions (org_id, aggregate_type, aggregate_id, version)
  SELECT e.org_id, e.aggregate_type, e.aggregate_id, max(e.aggregate_version) FROM events.events e
  WHERE e.org_id = v_org_id AND e.position <= p_position AND e.aggregate_type IS NOT NULL
  GROUP BY e.org_id, e.aggregate_type, e.aggregate_id
  ON CONFLICT (org_id, aggregate_type, aggregate_id) DO UPDATE SET version = excluded.version;
  PERFORM set_config('events.archiving', 'on', true);
  DELETE FROM events.event_tags t WHERE t.org_id = v_org_id AND t.position <= p_position;
  DELETE FROM events.events e WHERE e.org_id = v_org_id AND e.position <= p_position;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  PERFORM set_config('events.archiving', 'off', true);
  IF v_count <> p_position - v_before THEN
    RAISE EXCEPTION '% events were to go and % are there', p_position - v_before, v_count USING ERRCODE = 'DCB02';
  END IF;
  -- Last, because other appends wait from here on.
  PERFORM events.append(jsonb_build_array(jsonb_build_object(
    'type', 'EVENTS.ARCHIVED', 'metadata', '{}'::jsonb, 'tags', '[]'::jsonb, 'actorKind', 'system', 'source', 'cli',
    'data', jsonb_build_object('through', p_position, 'checksum', encode(p_checksum, 'hex'), 'bytes', p_bytes))), NULL, 0);
  RETURN v_count;
END $$;

ALTER TABLE events.heads ENABLE ROW LEVEL SECURITY;
ALTER TABLE events.heads FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON events.heads TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

ALTER TABLE events.events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events.events FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON events.events TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

ALTER TABLE events.event_tags ENABLE ROW LEVEL SECURITY;
ALTER TABLE events.event_tags FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON events.event_tags TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

ALTER TABLE events.processing_marks ENABLE ROW LEVEL SECURITY;
ALTER TABLE events.processing_marks FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON events.processing_marks TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

ALTER TABLE events.checkpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE events.checkpoints FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON events.checkpoints TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

ALTER TABLE events.archives ENABLE ROW LEVEL SECURITY;
ALTER TABLE events.archives FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON events.archives TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

ALTER TABLE events.archived_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE events.archived_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON events.archived_versions TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

-- The role that appends is held to the statement's organization as well, whoever calls.
CREATE POLICY append ON events.heads TO tenantry_definer
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));
CREATE POLICY append ON events.events TO tenantry_definer
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));
CREATE POLICY append ON events.event_tags TO tenantry_definer
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

CREATE POLICY append ON events.archives TO tenantry_definer
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));
CREATE POLICY append ON events.archived_versions TO tenantry_definer
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

-- What has to be found across organizations, and only to be read.
CREATE POLICY lookup ON events.heads FOR SELECT TO tenantry_definer USING (true);
CREATE POLICY lookup ON events.checkpoints FOR SELECT TO tenantry_definer USING (true);

GRANT SELECT ON events.heads, events.events, events.event_tags, events.archives, events.archived_versions TO tenantry_runtime;
GRANT SELECT, INSERT ON events.checkpoints TO tenantry_runtime;
GRANT SELECT, INSERT ON events.processing_marks TO tenantry_runtime;
GRANT UPDATE (position, failed_attempts, last_error) ON events.processing_marks TO tenantry_runtime;
GRANT SELECT, INSERT ON events.heads, events.archives, events.archived_versions TO tenantry_definer;
GRANT SELECT, INSERT, DELETE ON events.events, events.event_tags TO tenantry_definer;
GRANT SELECT ON events.checkpoints TO tenantry_definer;
GRANT UPDATE (position, hash) ON events.heads TO tenantry_definer;
GRANT UPDATE (version) ON events.archived_versions TO tenantry_definer;

REVOKE ALL ON FUNCTION
  events.refuse_change(), events.refuse_unarchived(), events.body(events.events), events.read_chain(bigint, bigint, bigint),
  events.find_positions(jsonb, bigint, integer), events.append_each(jsonb)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION events.append_each(jsonb), events.read_chain(bigint, bigint, bigint) TO tenantry_runtime;
GRANT EXECUTE ON FUNCTION events.find_positions(jsonb, bigint, integer), events.body(events.events) TO tenantry_runtime, tenantry_definer;

GRANT CREATE ON SCHEMA events TO tenantry_definer; -- only for the moment of the change of owner
ALTER FUNCTION events.append(jsonb, jsonb, bigint) OWNER TO tenantry_definer;
ALTER FUNCTION events.find_unsigned(bigint, interval) OWNER TO tenantry_definer;
ALTER FUNCTION events.find_logs() OWNER TO tenantry_definer;
ALTER FUNCTION events.archive(bigint, bytea, bytea, bigint, text, bytea, timestamptz) OWNER TO tenantry_definer;
REVOKE CREATE ON SCHEMA events FROM tenantry_definer;

-- The owner of a function is who may grant it. What takes events away, or names organizations, is for the role that owns
-- the database and runs this: the server has no use for it.
SET LOCAL ROLE tenantry_definer;
REVOKE ALL ON FUNCTION
  events.append(jsonb, jsonb, bigint), events.find_unsigned(bigint, interval), events.find_logs(),
  events.archive(bigint, bytea, bytea, bigint, text, bytea, timestamptz)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION events.append(jsonb, jsonb, bigint), events.find_unsigned(bigint, interval) TO tenantry_runtime;
GRANT EXECUTE ON FUNCTION
  events.find_logs(), events.archive(bigint, bytea, bytea, bigint, text, bytea, timestamptz)
TO SESSION_USER;
RESET ROLE;
