-- The words every other migration is written in: who the current statement acts for, and small triggers.
-- The roles tenantry_runtime and tenantry_definer exist already: they belong to the cluster, not to this database.

CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO tenantry_runtime, tenantry_definer;

-- The organization of the current statement. A missing setting is an error, never an empty answer: after COMMIT a
-- transaction-local setting reads as the empty string, so both are refused.
CREATE FUNCTION app.current_org_id() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  setting text := current_setting('app.current_org_id', true);
BEGIN
  IF setting IS NULL OR setting = '' THEN
    RAISE EXCEPTION 'no organization in the context of this statement' USING ERRCODE = 'TN001';
  END IF;
  RETURN setting::uuid;
END $$;

-- The signed-in user of the current statement, for the few rows that belong to a person and not to an organization.
CREATE FUNCTION app.current_user_id() RETURNS uuid
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog AS $$
DECLARE
  setting text := current_setting('app.current_user_id', true);
BEGIN
  IF setting IS NULL OR setting = '' THEN
    RAISE EXCEPTION 'no user in the context of this statement' USING ERRCODE = 'TN002';
  END IF;
  RETURN setting::uuid;
END $$;

CREATE FUNCTION app.touch_updated_at() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END $$;

-- The word of an enumeration as a text. Under row level security PostgreSQL uses an index only for operators that are
-- leakproof: the equality of texts is, that of enumerations is not. So what lists are filtered by is kept as a text
-- beside the enumeration. It is called immutable because no word of an enumeration is ever renamed here.
CREATE FUNCTION app.word(anyenum) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog AS $$
BEGIN
  RETURN $1::text;
END $$;

-- Tells every server process that something a cached principal was made of has changed. The payload names a kind and
-- an id and nothing else: anybody who can connect can listen.
CREATE FUNCTION app.announce_access_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
  changed record := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  PERFORM pg_notify('tenantry_access', TG_ARGV[0] || ':' || (to_jsonb(changed) ->> TG_ARGV[1]));
  RETURN NULL;
END $$;
