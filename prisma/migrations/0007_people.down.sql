DROP FUNCTION iam.find_session(bytea);
DROP FUNCTION iam.clear_credentials(timestamptz);
DROP FUNCTION iam.set_first_password(uuid, text, timestamptz);
DROP FUNCTION iam.change_password(text, text, uuid, timestamptz);
DROP FUNCTION iam.complete_reset(bytea, text, uuid, bytea, timestamptz);
DROP FUNCTION iam.complete_registration(bytea, timestamptz);
DROP FUNCTION iam.use_token(bytea, text, timestamptz);
DROP FUNCTION iam.find_open_token(bytea, text, timestamptz);
DROP FUNCTION iam.begin_challenge(uuid, bytea, timestamptz, timestamptz);
DROP FUNCTION iam.begin_reset(text, bytea, timestamptz, timestamptz);
DROP FUNCTION iam.renew_verification(text, bytea, timestamptz, timestamptz);
DROP FUNCTION iam.begin_registration(text, text, bytea, text, timestamptz, timestamptz);
DROP FUNCTION iam.may_send(uuid, text, timestamptz);
DROP FUNCTION iam.still_has_password(uuid, text);
DROP FUNCTION iam.settle_sign_in(bytea, boolean);
DROP FUNCTION iam.begin_sign_in(text, bytea, timestamptz);
DROP FUNCTION iam.take_sign_in_attempt(bytea, timestamptz);

-- As it was.
CREATE FUNCTION iam.find_session(p_access_hash bytea)
RETURNS TABLE (
  session_id uuid, user_id uuid, access_expires_at timestamptz, ended_at timestamptz,
  user_status iam.user_status, system_role iam.system_role, memberships jsonb
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT s.id, s.user_id, s.access_expires_at, s.ended_at, u.status, u.system_role, iam.memberships_of(s.user_id)
  FROM iam.sessions s JOIN iam.users u ON u.id = s.user_id
  WHERE s.access_hash = p_access_hash
$$;
CREATE FUNCTION iam.find_sign_in(p_email text)
RETURNS TABLE (user_id uuid, password_hash text, user_status iam.user_status, locked_until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT u.id, u.password_hash, u.status, u.locked_until
  FROM iam.users u WHERE u.email = p_email AND u.status <> 'deleted'
$$;
GRANT CREATE ON SCHEMA iam TO tenantry_definer;
ALTER FUNCTION iam.find_sign_in(text) OWNER TO tenantry_definer;
ALTER FUNCTION iam.find_session(bytea) OWNER TO tenantry_definer;
REVOKE CREATE ON SCHEMA iam FROM tenantry_definer;
SET LOCAL ROLE tenantry_definer;
REVOKE ALL ON FUNCTION iam.find_session(bytea), iam.find_sign_in(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iam.find_session(bytea), iam.find_sign_in(text) TO tenantry_runtime;
RESET ROLE;

GRANT CREATE ON SCHEMA iam TO tenantry_definer; -- only for the moment, and it is who may replace what is its own
SET LOCAL ROLE tenantry_definer;
CREATE OR REPLACE FUNCTION iam.ensure_identity(p_email text, p_name text) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  found_id uuid;
BEGIN
  INSERT INTO iam.users (email, name) VALUES (p_email, p_name)
    ON CONFLICT (email) WHERE status <> 'deleted' DO NOTHING;
  SELECT u.id INTO found_id FROM iam.users u WHERE u.email = p_email AND u.status <> 'deleted';
  RETURN found_id;
END $$;
RESET ROLE;
REVOKE CREATE ON SCHEMA iam FROM tenantry_definer;
REVOKE DELETE ON iam.sessions FROM tenantry_definer;
DROP POLICY clear ON iam.sessions;
DROP INDEX iam.sessions_over_idx;
REVOKE UPDATE (ended_at) ON iam.sessions FROM tenantry_definer;
DROP POLICY end_all ON iam.sessions;
REVOKE DELETE ON iam.users FROM tenantry_definer;
DROP POLICY clear ON iam.users;
DROP INDEX iam.users_unproved_idx;
REVOKE UPDATE (name, password_hash, email_verified_at) ON iam.users FROM tenantry_definer;
DROP POLICY settle ON iam.users;
DROP TRIGGER announce_access_change ON iam.sessions;
CREATE TRIGGER announce_access_change AFTER UPDATE OF ended_at, access_hash OR DELETE ON iam.sessions
  FOR EACH ROW EXECUTE FUNCTION app.announce_access_change('session', 'id');
ALTER TABLE iam.sessions DROP COLUMN ip, DROP COLUMN second_factor_at, DROP COLUMN proved_at;
ALTER TABLE iam.users DROP COLUMN timezone, DROP COLUMN locale;
GRANT UPDATE (password_hash, email_verified_at) ON iam.users TO tenantry_runtime;
DROP TABLE credentials.recovery_codes;
DROP TABLE credentials.second_factors;
DROP TABLE credentials.sign_in_attempts;
DROP TABLE credentials.tokens;
DROP SCHEMA credentials;
