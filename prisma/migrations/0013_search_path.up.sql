-- Where search_path does not name pg_temp, PostgreSQL looks there first for the names of types, also while a function runs with
-- its owner's rights: whoever may make temporary objects could name a type "text" whose check then runs with those rights.
-- So pg_temp is named, and last. The functions since 0007 are written so; these are all that are older. The caller's own are
-- among them, since those that run as the definer call them.
--
-- One statement for each and no loop over the catalogue: the audit of the log reads here what its functions have to be.

ALTER FUNCTION app.current_org_id() SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION app.current_user_id() SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION app.touch_updated_at() SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION app.word(anyenum) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION app.announce_access_change() SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION events.is_event(text, jsonb, jsonb, text, uuid, bigint, text, uuid, text) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION events.refuse_change() SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION events.refuse_unarchived() SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION events.find_positions(jsonb, bigint, integer) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION events.body(events.events) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION events.find_match(jsonb, bigint) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION events.append(jsonb, jsonb, bigint) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION events.read_chain(bigint, bigint, bigint) SET search_path = pg_catalog, pg_temp;

-- Whose they are is who may change them.
SET LOCAL ROLE tenantry_definer;
ALTER FUNCTION events.append_each(jsonb) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION events.find_unsigned(bigint, interval) SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION events.find_logs() SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION events.archive(bigint, bytea, bytea, bigint, text, bytea, timestamptz) SET search_path = pg_catalog, pg_temp;
RESET ROLE;
