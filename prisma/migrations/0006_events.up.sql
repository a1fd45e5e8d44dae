-- The log of each organization: events are appended under one lock and never changed. docs/adr/0019 has the reasons.
CREATE SCHEMA events;
GRANT USAGE ON SCHEMA events TO tenantry_runtime, tenantry_definer;

-- heads: the last position of each organization. Whoever appends locks the row first. Pages are kept half empty, so that
-- a new version of the row finds room beside the old one and no index has to know.
CREATE TABLE events.heads (
  org_id     uuid PRIMARY KEY REFERENCES iam.organizations (id) ON DELETE RESTRICT ON UPDATE RESTRICT,
  position   bigint NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
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
-- all do. The foreign key of the tags would look through every event of the organization else.
CREATE UNIQUE INDEX events_org_id_position_key ON events.events (org_id, position);

-- event_tags: what events are found by. Array and jsonb operators use no index under row level security, so each tag is
-- a row. The type stands beside it, so that a frequent tag with a rare type is one short range of an index too.
CREATE TABLE events.event_tags (
  org_id     uuid NOT NULL,
  tag        text COLLATE "C" NOT NULL CHECK (tag ~ '^\S{1,200}$'),
  position   bigint NOT NULL,
  type       text COLLATE "C" NOT NULL,
  created_at timestamptz(3) NOT NULL,
  PRIMARY KEY (org_id, tag, position),
  FOREIGN KEY (org_id, position) REFERENCES events.events (org_id, position) ON DELETE RESTRICT ON UPDATE RESTRICT
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

-- Nobody changes what happened, not even who owns the table. Triggers of statements refuse before a row is looked for, so
-- they speak up also where a policy would hide all rows.
CREATE FUNCTION events.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'events are only ever appended: % of %.% is refused', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'DCB02';
END $$;

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON events.events
  FOR EACH STATEMENT EXECUTE FUNCTION events.refuse_change();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON events.event_tags
  FOR EACH STATEMENT EXECUTE FUNCTION events.refuse_change();
CREATE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON events.heads
  FOR EACH STATEMENT EXECUTE FUNCTION events.refuse_change();

-- The first positions after p_after, at most p_limit and ascending, of the organization's events that match p_query: one
-- item must match; of an item's types one must be the event's, and of its tags all; one without both matches every event.
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
  v_type   text;
  v_along  text;
  v_others text[];
  v_from   bigint;
BEGIN
  FOR v_item IN SELECT value FROM jsonb_array_elements(p_query) LOOP
    v_types := ARRAY(SELECT jsonb_array_elements_text(v_item -> 'types'));
    v_tags := ARRAY(SELECT jsonb_array_elements_text(v_item -> 'tags'));
    IF cardinality(v_tags) = 0 AND cardinality(v_types) = 0 THEN
      v_found := v_found || ARRAY(
        SELECT e.position FROM events.events e
        WHERE e.org_id = v_org_id AND e.position > p_after ORDER BY e.position LIMIT p_limit);
    ELSIF cardinality(v_tags) = 0 THEN
      FOREACH v_type IN ARRAY v_types LOOP
        v_found := v_found || ARRAY(
          SELECT e.position FROM (
            SELECT type, position FROM events.events
            WHERE org_id = v_org_id AND (type, position) > (v_type, p_after) ORDER BY type, position LIMIT p_limit) AS e
          WHERE e.type = v_type);
      END LOOP;
    ELSIF cardinality(v_tags) = 1 AND cardinality(v_types) = 0 THEN
      v_found := v_found || ARRAY(
        SELECT t.position FROM events.event_tags t
        WHERE t.org_id = v_org_id AND t.tag = v_tags[1] AND t.position > p_after ORDER BY t.position LIMIT p_limit);
    ELSIF cardinality(v_tags) = 1 THEN
      FOREACH v_type IN ARRAY v_types LOOP
        v_found := v_found || ARRAY(
          SELECT t.position FROM (
            SELECT tag, type, position FROM events.event_tags
            WHERE org_id = v_org_id AND (tag, type, position) > (v_tags[1], v_type, p_after)
            ORDER BY tag, type, position LIMIT p_limit) AS t
          WHERE t.tag = v_tags[1] AND t.type = v_type);
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
          AND NOT EXISTS (
            SELECT FROM unnest(v_others) AS w (tag)
            WHERE NOT EXISTS (
              SELECT FROM events.event_tags o WHERE o.org_id = v_org_id AND o.tag = w.tag AND o.position = t.position))
        ORDER BY t.position LIMIT p_limit);
    END IF;
  END LOOP;
  RETURN ARRAY(SELECT DISTINCT match FROM unnest(v_found) AS match ORDER BY match LIMIT p_limit);
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
  v_conflict bigint;
  v_now      timestamptz(3);
BEGIN
  IF v_count = 0 THEN
    RAISE EXCEPTION 'there is nothing to append' USING ERRCODE = '22023';
  END IF;

  INSERT INTO events.heads AS head (org_id, position) VALUES (v_org_id, v_count)
  ON CONFLICT (org_id) DO UPDATE SET position = head.position + v_count
  RETURNING position - v_count INTO v_base;

  IF p_fail_if_match IS NOT NULL THEN
    v_conflict := (events.find_positions(p_fail_if_match, p_after, 1))[1];
    IF v_conflict IS NOT NULL THEN
      RAISE EXCEPTION 'an event that matches was appended meanwhile' USING ERRCODE = 'DCB01', DETAIL = v_conflict;
    END IF;
  END IF;

  -- After the lock: the later position never has the earlier time.
  v_now := clock_timestamp();
  RETURN QUERY
  WITH written AS (
    INSERT INTO events.events (
      org_id, position, type, aggregate_type, aggregate_id, aggregate_version, data, metadata, tags,
      actor_kind, actor_user_id, actor_membership_id, actor_credential_id,
      correlation_id, causation_id, source, ip, user_agent, created_at)
    SELECT v_org_id, v_base + n, e ->> 'type', e ->> 'aggregateType', (e ->> 'aggregateId')::uuid,
           CASE WHEN e ->> 'aggregateId' IS NOT NULL THEN
             row_number() OVER (PARTITION BY e ->> 'aggregateType', e ->> 'aggregateId' ORDER BY n) + coalesce((
               SELECT max(earlier.aggregate_version) FROM events.events earlier
               WHERE earlier.org_id = v_org_id AND earlier.aggregate_type = e ->> 'aggregateType'
                 AND earlier.aggregate_id = (e ->> 'aggregateId')::uuid), 0)
           END,
           e -> 'data', e -> 'metadata',
           ARRAY(SELECT DISTINCT tag COLLATE "C" FROM jsonb_array_elements_text(e -> 'tags') AS tag ORDER BY 1),
           e ->> 'actorKind', (e ->> 'actorUserId')::uuid, (e ->> 'actorMembershipId')::uuid, (e ->> 'actorCredentialId')::uuid,
           e ->> 'correlationId', e ->> 'causationId', e ->> 'source', (e ->> 'ip')::inet, e ->> 'userAgent', v_now
    FROM jsonb_array_elements(p_events) WITH ORDINALITY AS given (e, n) ORDER BY n
    RETURNING *
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

-- The role that appends is held to the statement's organization as well, whoever calls.
CREATE POLICY append ON events.heads TO tenantry_definer
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));
CREATE POLICY append ON events.events TO tenantry_definer
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));
CREATE POLICY append ON events.event_tags TO tenantry_definer
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

GRANT SELECT ON events.heads, events.events, events.event_tags TO tenantry_runtime;
GRANT SELECT, INSERT ON events.processing_marks TO tenantry_runtime;
GRANT UPDATE (position, failed_attempts, last_error) ON events.processing_marks TO tenantry_runtime;
GRANT SELECT, INSERT ON events.heads, events.events, events.event_tags TO tenantry_definer;
GRANT UPDATE (position) ON events.heads TO tenantry_definer;

REVOKE ALL ON FUNCTION
  events.refuse_change(), events.find_positions(jsonb, bigint, integer), events.append_each(jsonb)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION events.append_each(jsonb) TO tenantry_runtime;
GRANT EXECUTE ON FUNCTION events.find_positions(jsonb, bigint, integer) TO tenantry_runtime, tenantry_definer;

GRANT CREATE ON SCHEMA events TO tenantry_definer; -- only for the moment of the change of owner
ALTER FUNCTION events.append(jsonb, jsonb, bigint) OWNER TO tenantry_definer;
REVOKE CREATE ON SCHEMA events FROM tenantry_definer;

-- The owner of a function is who may grant it.
SET LOCAL ROLE tenantry_definer;
REVOKE ALL ON FUNCTION events.append(jsonb, jsonb, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION events.append(jsonb, jsonb, bigint) TO tenantry_runtime;
RESET ROLE;
