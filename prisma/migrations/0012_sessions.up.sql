-- A refresh token names the session's family beside its secret, so that any older token of it is known for one that was used
-- before, however often the session was refreshed since: not only the one before the last.

DROP FUNCTION iam.find_refresh(bytea);
DROP INDEX iam.sessions_previous_refresh_hash_idx;
REVOKE UPDATE (previous_refresh_hash) ON iam.sessions FROM tenantry_runtime;
ALTER TABLE iam.sessions RENAME COLUMN previous_refresh_hash TO refresh_family_hash; -- SHA-256 of what all refresh tokens of the session begin with
ALTER TABLE iam.sessions RENAME CONSTRAINT sessions_previous_refresh_hash_check TO sessions_refresh_family_hash_check;
ALTER TABLE iam.sessions ADD COLUMN refreshed_at timestamptz(3); -- when its tokens were last made
-- A token of before is a family's name without a secret, so sessions that are open go on; of what was used before this migration
-- nothing is known any more. By a rewrite of the table, since row level security would hide the rows from an UPDATE.
ALTER TABLE iam.sessions
  ALTER COLUMN refresh_family_hash TYPE bytea USING refresh_hash,
  ALTER COLUMN refreshed_at TYPE timestamptz(3) USING updated_at;
ALTER TABLE iam.sessions ALTER COLUMN refresh_family_hash SET NOT NULL, ALTER COLUMN refreshed_at SET NOT NULL;
CREATE UNIQUE INDEX sessions_refresh_family_hash_key ON iam.sessions (refresh_family_hash);
-- Whose family a session is does not change, so no UPDATE of it is granted; and it is read by the function below alone.
GRANT SELECT (refreshed_at), UPDATE (refreshed_at) ON iam.sessions TO tenantry_runtime;

-- The session of a refresh token, also when the token was used before: that is how theft is noticed.
CREATE FUNCTION iam.find_refresh(p_family_hash bytea, p_refresh_hash bytea)
RETURNS TABLE (
  session_id uuid, user_id uuid, refresh_expires_at timestamptz, ended_at timestamptz,
  user_status iam.user_status, reused boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.id, s.user_id, s.refresh_expires_at, s.ended_at, u.status, s.refresh_hash <> p_refresh_hash
  FROM iam.sessions s JOIN iam.users u ON u.id = s.user_id
  WHERE s.refresh_family_hash = p_family_hash
$$;
GRANT CREATE ON SCHEMA iam TO tenantry_definer; -- only for the moment of the change of owner
ALTER FUNCTION iam.find_refresh(bytea, bytea) OWNER TO tenantry_definer;
REVOKE CREATE ON SCHEMA iam FROM tenantry_definer;
-- The owner of a function is who may grant it.
SET LOCAL ROLE tenantry_definer;
REVOKE ALL ON FUNCTION iam.find_refresh(bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iam.find_refresh(bytea, bytea) TO tenantry_runtime;
RESET ROLE;
