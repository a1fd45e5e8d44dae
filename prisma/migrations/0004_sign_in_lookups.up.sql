-- What must be looked up before a tenant is known: find a key, a session, an identity. Each is one function with a
-- fixed search_path, owned by tenantry_definer (which cannot sign in and bypasses nothing: the policies below are all
-- it can see), executable by the runtime role alone, returning only what the caller must have.
-- A test reads the catalogue and compares it with the list of functions in this file.

CREATE POLICY lookup ON iam.organizations FOR SELECT TO tenantry_definer USING (true);
CREATE POLICY lookup ON iam.users FOR SELECT TO tenantry_definer USING (true);
CREATE POLICY register ON iam.users FOR INSERT TO tenantry_definer
  WITH CHECK (password_hash IS NULL AND system_role = 'user' AND status = 'active');
CREATE POLICY lookup ON iam.memberships FOR SELECT TO tenantry_definer USING (true);
CREATE POLICY lookup ON iam.api_keys FOR SELECT TO tenantry_definer USING (true);
CREATE POLICY lookup ON iam.sessions FOR SELECT TO tenantry_definer USING (true);

GRANT SELECT ON iam.organizations, iam.users, iam.memberships, iam.api_keys, iam.sessions TO tenantry_definer;
GRANT INSERT (email, name) ON iam.users TO tenantry_definer;

-- Who holds this API key, and every status that decides whether it may come in. No row: unknown.
CREATE FUNCTION iam.find_api_key(p_fingerprint bytea)
RETURNS TABLE (
  org_id uuid, key_id uuid, user_id uuid, membership_id uuid, secret_hash text, key_status iam.api_key_status,
  expires_at timestamptz, scopes text[], rate_limit_per_hour integer,
  organization_status iam.organization_status, user_status iam.user_status,
  membership_status iam.membership_status, role iam.organization_role
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT k.org_id, k.id, k.user_id, m.id, k.secret_hash, k.status, k.expires_at, k.scopes, k.rate_limit_per_hour,
         o.status, u.status, m.status, m.role
  FROM iam.api_keys k
  JOIN iam.organizations o ON o.id = k.org_id
  JOIN iam.memberships m ON m.org_id = k.org_id AND m.user_id = k.user_id
  JOIN iam.users u ON u.id = k.user_id
  WHERE k.fingerprint = p_fingerprint
$$;

-- A person's memberships, as the sign-in needs them, also those that ended: who was ever in a second organization says
-- which one is meant. Internal: not granted to the server.
CREATE FUNCTION iam.memberships_of(p_user_id uuid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object(
           'orgId', m.org_id, 'membershipId', m.id, 'role', m.role, 'status', m.status,
           'organizationStatus', o.status, 'organizationName', o.name, 'organizationSlug', o.slug) ORDER BY m.created_at, m.id),
         '[]'::jsonb)
  FROM iam.memberships m JOIN iam.organizations o ON o.id = m.org_id
  WHERE m.user_id = p_user_id
$$;

-- The person behind a session's access token, with the organizations it may choose from. No row: unknown.
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

-- The session of a refresh token, also when the token was used before: that is how theft is noticed.
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

-- What a password sign-in compares against. No row: no such address.
CREATE FUNCTION iam.find_sign_in(p_email text)
RETURNS TABLE (user_id uuid, password_hash text, user_status iam.user_status, locked_until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT u.id, u.password_hash, u.status, u.locked_until
  FROM iam.users u WHERE u.email = p_email AND u.status <> 'deleted'
$$;

-- The identity for an address, made without a password when there is none: adding a member looks the same either way.
CREATE FUNCTION iam.ensure_identity(p_email text, p_name text) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  found_id uuid;
BEGIN
  INSERT INTO iam.users (email, name) VALUES (p_email, p_name)
    ON CONFLICT (email) WHERE status <> 'deleted' DO NOTHING;
  SELECT u.id INTO found_id FROM iam.users u WHERE u.email = p_email AND u.status <> 'deleted';
  RETURN found_id;
END $$;

-- The organization that a super administrator asks to work in. No row for anybody else, and none for an unknown one.
CREATE FUNCTION iam.find_organization_for_operator(p_user_id uuid, p_org_id uuid)
RETURNS TABLE (org_id uuid, organization_status iam.organization_status)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT o.id, o.status FROM iam.organizations o
  WHERE o.id = p_org_id
    AND EXISTS (SELECT 1 FROM iam.users u WHERE u.id = p_user_id AND u.system_role = 'super_admin' AND u.status = 'active')
$$;

GRANT CREATE ON SCHEMA iam TO tenantry_definer; -- only for the moment of the change of owner
ALTER FUNCTION iam.find_api_key(bytea) OWNER TO tenantry_definer;
ALTER FUNCTION iam.memberships_of(uuid) OWNER TO tenantry_definer;
ALTER FUNCTION iam.find_session(bytea) OWNER TO tenantry_definer;
ALTER FUNCTION iam.find_refresh(bytea) OWNER TO tenantry_definer;
ALTER FUNCTION iam.find_sign_in(text) OWNER TO tenantry_definer;
ALTER FUNCTION iam.ensure_identity(text, text) OWNER TO tenantry_definer;
ALTER FUNCTION iam.find_organization_for_operator(uuid, uuid) OWNER TO tenantry_definer;
REVOKE CREATE ON SCHEMA iam FROM tenantry_definer;

-- The owner of a function is who may grant it.
SET LOCAL ROLE tenantry_definer;
REVOKE ALL ON FUNCTION
  iam.find_api_key(bytea), iam.memberships_of(uuid), iam.find_session(bytea), iam.find_refresh(bytea), iam.find_sign_in(text),
  iam.ensure_identity(text, text), iam.find_organization_for_operator(uuid, uuid)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  iam.find_api_key(bytea), iam.find_session(bytea), iam.find_refresh(bytea), iam.find_sign_in(text),
  iam.ensure_identity(text, text), iam.find_organization_for_operator(uuid, uuid)
TO tenantry_runtime;
RESET ROLE;
