-- As it was.
ALTER FUNCTION app.current_org_id() SET search_path = pg_catalog;
ALTER FUNCTION app.current_user_id() SET search_path = pg_catalog;
ALTER FUNCTION app.touch_updated_at() SET search_path = pg_catalog;
ALTER FUNCTION app.word(anyenum) SET search_path = pg_catalog;
ALTER FUNCTION app.announce_access_change() SET search_path = pg_catalog;
ALTER FUNCTION events.is_event(text, jsonb, jsonb, text, uuid, bigint, text, uuid, text) SET search_path = pg_catalog;
ALTER FUNCTION events.refuse_change() SET search_path = pg_catalog;
ALTER FUNCTION events.refuse_unarchived() SET search_path = pg_catalog;
ALTER FUNCTION events.find_positions(jsonb, bigint, integer) SET search_path = pg_catalog;
ALTER FUNCTION events.body(events.events) SET search_path = pg_catalog;
ALTER FUNCTION events.find_match(jsonb, bigint) SET search_path = pg_catalog;
ALTER FUNCTION events.append(jsonb, jsonb, bigint) SET search_path = pg_catalog;
ALTER FUNCTION events.read_chain(bigint, bigint, bigint) SET search_path = pg_catalog;

-- Whose they are is who may change them.
SET LOCAL ROLE tenantry_definer;
ALTER FUNCTION events.append_each(jsonb) SET search_path = pg_catalog;
ALTER FUNCTION events.find_unsigned(bigint, interval) SET search_path = pg_catalog;
ALTER FUNCTION events.find_logs() SET search_path = pg_catalog;
ALTER FUNCTION events.archive(bigint, bytea, bytea, bigint, text, bytea, timestamptz) SET search_path = pg_catalog;
RESET ROLE;
