-- The log of each organization: events are appended under one lock and never changed, and each carries a hash over all
-- before it. docs/adr/0019 and docs/adr/0020 have the reasons.
CREATE SCHEMA events;
GRANT USAGE ON SCHEMA events TO tenantry_runtime, tenantry_definer;

-- heads: the last position of each organization, its time, and its hash, 32 zero bytes before the first. Whoever appends
-- locks the row first. Pages are kept mostly empty, so that a new version of the row finds room beside the old one and no index has
-- to know.
CREATE TABLE events.heads (
  org_id     uuid PRIMARY KEY REFERENCES iam.organizations (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  position   bigint NOT NULL,
  hash       bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
  last_at    timestamptz(3) NOT NULL DEFAULT '-infinity',
  created_at timestamptz(3) NOT NULL DEFAULT now()
) WITH (fillfactor = 30);
CREATE INDEX ON events.heads (org_id, created_at);

-- What a row of events must be. A function, because PostgreSQL reads the text of each CHECK anew for every statement: as
-- many as other tables have took a third of an append's time.
CREATE FUNCTION events.is_event(
  type text, data jsonb, metadata jsonb, aggregate_type text, aggregate_id uuid, aggregate_version bigint,
  actor_kind text, actor_user_id uuid, source text)
RETURNS boolean LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
BEGIN
  RETURN type ~ '^[A-Z][A-Z0-9_]*\.[A-Z][A-Z0-9_]*$' AND length(split_part(type, '.', 1)) <= 50 AND length(split_part(type, '.', 2)) <= 50
    AND jsonb_typeof(data) = 'object' AND jsonb_typeof(metadata) = 'object'
    AND num_nulls(aggregate_type, aggregate_id, aggregate_version) IN (0, 3)
    AND actor_kind IN ('user', 'api_key', 'system') AND (actor_kind = 'system') = (actor_user_id IS NULL)
    AND source IN ('api', 'cli', 'webhook', 'system');
END $$;

-- events: what happened. Who acted has no foreign key: what is written here outlives members, keys and sessions.
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
  CONSTRAINT events_is_event_check CHECK (events.is_event(
    type, data, metadata, aggregate_type, aggregate_id, aggregate_version, actor_kind, actor_user_id, source))
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
  tag        text COLLATE "C" NOT NULL CHECK (tag <> '' AND length(tag) <= 200 AND tag !~ '\s'),
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
-- However rare what is asked for, one call looks at some twenty thousand entries and no more. Where that ended before the
-- log did, looked is the last position that it can speak for: who wants more goes on from there. Null says that it found as
-- many as were asked for, or that there are no more. p_limit is 1,000 at the most.
--
-- With types there is a range for each: of several at once no index gives an order by position. The range is asked for by
-- where it begins, and what lies beyond its end is dropped. Asked for by equality, a planner that thinks there is one type
-- in all would go along another index, past every event of other types.
--
-- STABLE: all of its statements see what the statement that calls it sees, so that a reader gets the head and the events
-- from one snapshot. The function that appends calls it in statements of their own.
CREATE FUNCTION events.find_positions(p_query jsonb, p_after bigint, p_limit integer, OUT positions bigint[], OUT looked bigint)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_org_id uuid := app.current_org_id();
  v_found  bigint[];
  v_types  text[];
  v_tags   text[];
  v_except text[];
  v_type   text;
  v_along  text;
  v_others text[];
  v_from   bigint;
  v_beyond bigint;
  v_reach  integer;
BEGIN
  positions := '{}';
  FOR v_types, v_tags, v_except IN
    SELECT coalesce(types, '{}'), coalesce(tags, '{}'), coalesce("exceptNouns", '{}')
    FROM jsonb_to_recordset(p_query) AS item (types text[], tags text[], "exceptNouns" text[])
  LOOP
    v_reach := greatest(10, 20000 / (jsonb_array_length(p_query) * greatest(1, cardinality(v_tags))));
    v_beyond := NULL;
    IF cardinality(v_types) > 0 AND cardinality(v_tags) <= 1 THEN
      FOREACH v_type IN ARRAY v_types LOOP
        CONTINUE WHEN split_part(v_type, '.', 1) = ANY (v_except);
        IF cardinality(v_tags) = 0 THEN
          v_found := ARRAY(
            SELECT e.position FROM (
              SELECT type, position FROM events.events
              WHERE org_id = v_org_id AND (type, position) > (v_type, p_after) ORDER BY type, position LIMIT p_limit) AS e
            WHERE e.type = v_type);
        ELSE
          v_found := ARRAY(
            SELECT t.position FROM (
              SELECT tag, type, position FROM events.event_tags
              WHERE org_id = v_org_id AND (tag, type, position) > (v_tags[1], v_type, p_after)
              ORDER BY tag, type, position LIMIT p_limit) AS t
            WHERE t.tag = v_tags[1] AND t.type = v_type);
        END IF;
        positions := positions || v_found;
      END LOOP;
    ELSIF cardinality(v_tags) = 0 THEN
      v_found := ARRAY(
        SELECT e.position FROM (
          SELECT type, position FROM events.events
          WHERE org_id = v_org_id AND position > p_after ORDER BY position LIMIT v_reach) AS e
        WHERE cardinality(v_except) = 0 OR split_part(e.type, '.', 1) <> ALL (v_except)
        ORDER BY e.position LIMIT p_limit);
      positions := positions || v_found;
      IF cardinality(v_found) < p_limit AND cardinality(v_except) > 0 THEN
        SELECT e.position INTO v_beyond FROM events.events e
        WHERE e.org_id = v_org_id AND e.position > p_after ORDER BY e.position OFFSET v_reach LIMIT 1;
      END IF;
    ELSE
      v_along := v_tags[1];
      v_from := p_after + 1;
      IF cardinality(v_tags) > 1 THEN
        -- All tags begin to meet at the latest of their first positions, and the tag that has it is likely the rarest: the
        -- search goes along that one. A tag that never comes again ends it at once.
        SELECT w.tag, f.position INTO v_along, v_from
        FROM unnest(v_tags) AS w (tag)
        LEFT JOIN LATERAL (
          SELECT t.position FROM events.event_tags t
          WHERE t.org_id = v_org_id AND t.tag = w.tag AND t.position > p_after ORDER BY t.position LIMIT 1) AS f ON true
        ORDER BY f.position DESC NULLS FIRST LIMIT 1;
        CONTINUE WHEN v_from IS NULL;
      END IF;
      v_others := array_remove(v_tags, v_along);
      v_found := ARRAY(
        SELECT t.position FROM (
          SELECT type, position FROM events.event_tags
          WHERE org_id = v_org_id AND tag = v_along AND position >= v_from ORDER BY position LIMIT v_reach) AS t
        WHERE (cardinality(v_types) = 0 OR t.type = ANY (v_types))
          AND (cardinality(v_except) = 0 OR split_part(t.type, '.', 1) <> ALL (v_except))
          -- Counted, because a planner may answer EXISTS by reading all tags of the organization first.
          AND (cardinality(v_others) = 0 OR cardinality(v_others) = (
            SELECT count(*) FROM events.event_tags o WHERE o.org_id = v_org_id AND o.tag = ANY (v_others) AND o.position = t.position))
        ORDER BY t.position LIMIT p_limit);
      positions := positions || v_found;
      IF cardinality(v_found) < p_limit AND (cardinality(v_others) > 0 OR cardinality(v_except) > 0) THEN
        SELECT t.position INTO v_beyond FROM events.event_tags t
        WHERE t.org_id = v_org_id AND t.tag = v_along AND t.position >= v_from ORDER BY t.position OFFSET v_reach LIMIT 1;
      END IF;
    END IF;
    looked := least(looked, v_beyond - 1);
  END LOOP;
  IF looked IS NOT NULL OR jsonb_array_length(p_query) > 1 OR cardinality(v_types) > 1 THEN
    positions := ARRAY(
      SELECT DISTINCT match FROM unnest(positions) AS match WHERE looked IS NULL OR match <= looked ORDER BY match LIMIT p_limit);
  END IF;
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

-- The first position after p_after that matches a condition, looked for as often as it takes to come to the end of the log,
-- and the head up to which that is said. Fails with DCB03 after some hundred thousand entries; the detail is how far it
-- came.
CREATE FUNCTION events.find_match(p_query jsonb, p_after bigint, OUT match bigint, OUT head bigint)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $$
DECLARE
  v_org_id uuid := app.current_org_id();
  v_looked bigint := p_after;
BEGIN
  FOR v_look IN 1..5 LOOP
    SELECT coalesce((SELECT h.position FROM events.heads h WHERE h.org_id = v_org_id), 0), found.positions[1], found.looked
    INTO head, match, v_looked FROM events.find_positions(p_query, v_looked, 1) AS found;
    IF match IS NOT NULL OR v_looked IS NULL THEN
      RETURN;
    END IF;
  END LOOP;
  RAISE EXCEPTION 'the condition has too much to look at' USING ERRCODE = 'DCB03', DETAIL = v_looked;
END $$;

-- Appends the events of several commands to the log of the statement's organization, and tells what the database decided
-- about each event. Nothing else writes events. Called last in its transaction: it holds back all other appends of the
-- organization until the transaction ends.
--
-- A command is {"events": [...], "query": [...] or null, "after": position}. One whose query matches an event after its
-- position appends nothing, is told the first such position as its conflict, and takes no other along. Commands do not see
-- each other: one whose condition could match what another appends is not to be sent together with that.
--
-- Why it is right: the head's row stays locked from where its position is taken until the commit, so appends of one
-- organization are one after the other. VOLATILE, so that each statement below sees what was committed before it began:
-- once the lock is held, all that the ones before have appended. What was there before the lock was asked for has been
-- looked at already, because events never change and nobody is to wait for that; under the lock only what came meanwhile is
-- left. Were the function STABLE, the second look would be as old as the first. Under REPEATABLE READ all statements see
-- the same, and a head that changed meanwhile is an error (40001), so nothing is missed either.
--
-- The organization is the statement's and no argument: whoever calls can append where the policies let it, nowhere else.
CREATE FUNCTION events.append_each(p_commands jsonb)
RETURNS TABLE (command bigint, conflict bigint, "position" bigint, id uuid, aggregate_version bigint, created_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
  v_org_id  uuid := app.current_org_id();
  v_count   integer := jsonb_array_length(p_commands);
  v_matches bigint[] := array_fill(NULL::bigint, ARRAY[v_count]);
  v_seen    bigint[] := v_matches;
  v_query   jsonb;
  v_after   bigint;
  v_last    bigint;
  v_match   bigint;
  v_head    bigint;
  v_base    bigint;
  v_hash    bytea;
  v_now     timestamptz(3);
  v_event   events.events;
  v_events  events.events[] := '{}';
  v_key     text;
  v_keys    text[] := '{}';
BEGIN
  FOR i IN 1..v_count LOOP
    v_query := p_commands -> (i - 1) -> 'query';
    CONTINUE WHEN v_query IS NULL OR v_query = 'null';
    v_after := (p_commands -> (i - 1) ->> 'after')::bigint;
    IF v_last IS NULL THEN
      v_last := coalesce((SELECT h.position FROM events.heads h WHERE h.org_id = v_org_id), 0);
    END IF;
    IF v_after >= v_last THEN
      -- Who decides by what it has just read is here: nothing came after it, so nothing that matches.
      v_seen[i] := v_last;
    ELSE
      SELECT m.match, m.head INTO v_match, v_head FROM events.find_match(v_query, v_after) AS m;
      v_matches[i] := v_match;
      v_seen[i] := v_head;
    END IF;
  END LOOP;

  SELECT position, hash, last_at INTO v_base, v_hash, v_now FROM events.heads WHERE org_id = v_org_id FOR UPDATE;
  IF NOT FOUND THEN
    -- The first of the organization. Whoever is first at the same time waits here.
    INSERT INTO events.heads (org_id, position) VALUES (v_org_id, 0) ON CONFLICT (org_id) DO NOTHING;
    SELECT position, hash, last_at INTO STRICT v_base, v_hash, v_now FROM events.heads WHERE org_id = v_org_id FOR UPDATE;
  END IF;
  FOR i IN 1..v_count LOOP
    IF v_matches[i] IS NULL AND v_seen[i] < v_base THEN
      v_query := p_commands -> (i - 1) -> 'query';
      SELECT m.match INTO v_match FROM events.find_match(v_query, greatest(v_seen[i], (p_commands -> (i - 1) ->> 'after')::bigint)) AS m;
      v_matches[i] := v_match;
    END IF;
  END LOOP;

  -- The later position never has the earlier time, even where a clock was put back.
  v_now := greatest(clock_timestamp(), v_now);
  FOR i IN 1..v_count LOOP
    command := i;
    IF v_matches[i] IS NOT NULL THEN
      conflict := v_matches[i];
      RETURN NEXT;
      conflict := NULL;
      CONTINUE;
    ELSIF jsonb_array_length(p_commands -> (i - 1) -> 'events') = 0 THEN
      RAISE EXCEPTION 'there is nothing to append' USING ERRCODE = '22023';
    END IF;
    FOR v_event IN
      SELECT v_org_id, uuidv7(), NULL, type, "aggregateType", "aggregateId", NULL, data, metadata, tags, "actorKind", "actorUserId",
             "actorMembershipId", "actorCredentialId", "correlationId", "causationId", source, ip, "userAgent", v_now, NULL
      FROM jsonb_to_recordset(p_commands -> (i - 1) -> 'events') AS given (
        type text, "aggregateType" text, "aggregateId" uuid, data jsonb, metadata jsonb, tags text[], "actorKind" text,
        "actorUserId" uuid, "actorMembershipId" uuid, "actorCredentialId" uuid, "correlationId" text, "causationId" text,
        source text, ip inet, "userAgent" text)
    LOOP
      v_base := v_base + 1;
      v_event.position := v_base;
      IF v_event.aggregate_id IS NOT NULL THEN
        v_key := v_event.aggregate_type || ' ' || v_event.aggregate_id;
        v_event.aggregate_version := 1 + cardinality(array_positions(v_keys, v_key)) + coalesce((
          SELECT max(earlier.aggregate_version) FROM events.events earlier
          WHERE earlier.org_id = v_org_id AND earlier.aggregate_type = v_event.aggregate_type AND earlier.aggregate_id = v_event.aggregate_id), (
          SELECT archived.version FROM events.archived_versions archived
          WHERE archived.org_id = v_org_id AND archived.aggregate_type = v_event.aggregate_type AND archived.aggregate_id = v_event.aggregate_id), 0);
        v_keys := array_append(v_keys, v_key);
      END IF;
      v_hash := sha256(v_hash || convert_to(events.body(v_event), 'UTF8'));
      v_event.hash := v_hash;
      v_events := array_append(v_events, v_event);
      position := v_base;
      id := v_event.id;
      aggregate_version := v_event.aggregate_version;
      created_at := v_now;
      RETURN NEXT;
    END LOOP;
    position := NULL;
    id := NULL;
    aggregate_version := NULL;
    created_at := NULL;
  END LOOP;
  IF v_events = '{}' THEN
    RETURN;
  END IF;
  INSERT INTO events.events SELECT * FROM unnest(v_events);
  INSERT INTO events.event_tags (org_id, tag, position, type, created_at)
  SELECT e.org_id, tag, e.position, e.type, e.created_at FROM unnest(v_events) AS e, unnest(e.tags) AS tag;
  UPDATE events.heads SET position = v_base, hash = v_hash, last_at = v_now WHERE org_id = v_org_id;
END $$;

-- One command, for whoever writes SQL: all of its events or none. Fails with DCB01 when the condition does not hold; the
-- detail is the first position that matches.
CREATE FUNCTION events.append(p_events jsonb, p_fail_if_match jsonb, p_after bigint)
RETURNS TABLE ("position" bigint, id uuid, aggregate_version bigint, created_at timestamptz)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $$
DECLARE
  v_conflict bigint;
BEGIN
  FOR v_conflict, position, id, aggregate_version, created_at IN
    SELECT a.conflict, a.position, a.id, a.aggregate_version, a.created_at
    FROM events.append_each(jsonb_build_array(jsonb_build_object('events', p_events, 'query', p_fail_if_match, 'after', p_after))) AS a
  LOOP
    IF v_conflict IS NOT NULL THEN
      RAISE EXCEPTION 'an event that matches was appended meanwhile' USING ERRCODE = 'DCB01', DETAIL = v_conflict;
    END IF;
    RETURN NEXT;
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
GRANT UPDATE (position, hash, last_at) ON events.heads TO tenantry_definer;
GRANT UPDATE (version) ON events.archived_versions TO tenantry_definer;

REVOKE ALL ON FUNCTION
  events.refuse_change(), events.refuse_unarchived(), events.body(events.events), events.read_chain(bigint, bigint, bigint),
  events.is_event(text, jsonb, jsonb, text, uuid, bigint, text, uuid, text), events.find_positions(jsonb, bigint, integer),
  events.find_match(jsonb, bigint), events.append(jsonb, jsonb, bigint)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION events.read_chain(bigint, bigint, bigint) TO tenantry_runtime;
GRANT EXECUTE ON FUNCTION
  events.find_match(jsonb, bigint), events.is_event(text, jsonb, jsonb, text, uuid, bigint, text, uuid, text)
TO tenantry_definer;
GRANT EXECUTE ON FUNCTION
  events.append(jsonb, jsonb, bigint), events.find_positions(jsonb, bigint, integer), events.body(events.events)
TO tenantry_runtime, tenantry_definer;

GRANT CREATE ON SCHEMA events TO tenantry_definer; -- only for the moment of the change of owner
ALTER FUNCTION events.append_each(jsonb) OWNER TO tenantry_definer;
ALTER FUNCTION events.find_unsigned(bigint, interval) OWNER TO tenantry_definer;
ALTER FUNCTION events.find_logs() OWNER TO tenantry_definer;
ALTER FUNCTION events.archive(bigint, bytea, bytea, bigint, text, bytea, timestamptz) OWNER TO tenantry_definer;
REVOKE CREATE ON SCHEMA events FROM tenantry_definer;

-- The owner of a function is who may grant it. What takes events away, or names organizations, is for the role that owns
-- the database and runs this: the server has no use for it.
SET LOCAL ROLE tenantry_definer;
REVOKE ALL ON FUNCTION
  events.append_each(jsonb), events.find_unsigned(bigint, interval), events.find_logs(),
  events.archive(bigint, bytea, bytea, bigint, text, bytea, timestamptz)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION events.append_each(jsonb), events.find_unsigned(bigint, interval) TO tenantry_runtime;
GRANT EXECUTE ON FUNCTION
  events.find_logs(), events.archive(bigint, bytea, bytea, bigint, text, bytea, timestamptz)
TO SESSION_USER;
RESET ROLE;
