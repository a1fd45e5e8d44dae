-- Sessions that were opened meanwhile end at their next refresh: a token with a family has a form that is not known before.
DROP FUNCTION iam.find_refresh(bytea, bytea);
DROP INDEX iam.sessions_refresh_family_hash_key;
ALTER TABLE iam.sessions DROP COLUMN refreshed_at;
ALTER TABLE iam.sessions ALTER COLUMN refresh_family_hash DROP NOT NULL;
ALTER TABLE iam.sessions ALTER COLUMN refresh_family_hash TYPE bytea USING NULL::bytea; -- no token was used before
ALTER TABLE iam.sessions RENAME CONSTRAINT sessions_refresh_family_hash_check TO sessions_previous_refresh_hash_check;
ALTER TABLE iam.sessions RENAME COLUMN refresh_family_hash TO previous_refresh_hash;
CREATE INDEX ON iam.sessions (previous_refresh_hash);
GRANT UPDATE (previous_refresh_hash) ON iam.sessions TO tenantry_runtime;

-- As it was.
CREATE FUNCTION iam.find_refresh(p_refresh_hash bytea)
RETURNS TABLE (
  session_id uuid, user_id uuid, refresh_expires_at timestamptz, ended_at timestamptz,
  user_status iam.user_status, reused boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT s.id, s.user_id, s.refresh_expires_at, s.ended_at, u.status, s.refresh_hash <> p_refresh_hash
  FROM iam.sessions s JOIN iam.users u ON u.id = s.user_id
  WHERE s.refresh_hash = p_refresh_hash OR s.previous_refresh_hash = p_refresh_hash
  LIMIT 1
$$;
GRANT CREATE ON SCHEMA iam TO tenantry_definer;
ALTER FUNCTION iam.find_refresh(bytea) OWNER TO tenantry_definer;
REVOKE CREATE ON SCHEMA iam FROM tenantry_definer;
SET LOCAL ROLE tenantry_definer;
REVOKE ALL ON FUNCTION iam.find_refresh(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iam.find_refresh(bytea) TO tenantry_runtime;
RESET ROLE;
