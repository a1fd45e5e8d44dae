-- What operators of the platform see across organizations: names, states and counts, and nothing that an organization has
-- put in. tenantry_platform cannot sign in and bypasses nothing; the policies below are all that it can see. Each function
-- asks the database itself whether the user of its statement is an operator, whatever the server has let through.

CREATE SCHEMA platform;
GRANT USAGE ON SCHEMA app, events, iam, platform TO tenantry_platform;
GRANT USAGE ON SCHEMA platform TO tenantry_runtime;

CREATE INDEX organizations_created_at_id_idx ON iam.organizations (created_at, id);

CREATE POLICY platform ON iam.organizations FOR SELECT TO tenantry_platform USING (true);
CREATE POLICY platform ON iam.memberships FOR SELECT TO tenantry_platform USING (true);
CREATE POLICY platform ON iam.api_key_usage FOR SELECT TO tenantry_platform USING (true);
CREATE POLICY platform ON events.heads FOR SELECT TO tenantry_platform USING (true);
-- Of people it sees the one who asks, and of that one no more than the right to.
CREATE POLICY platform ON iam.users FOR SELECT TO tenantry_platform USING (id = (SELECT app.current_user_id()));

GRANT SELECT (id, name, slug, status, status_reason, plan, created_at) ON iam.organizations TO tenantry_platform;
GRANT SELECT (org_id, status) ON iam.memberships TO tenantry_platform;
GRANT SELECT (org_id, period, used) ON iam.api_key_usage TO tenantry_platform;
GRANT SELECT (org_id, position) ON events.heads TO tenantry_platform;
GRANT SELECT (id, system_role, status) ON iam.users TO tenantry_platform;

-- Internal: not granted to the server.
CREATE FUNCTION platform.require_operator() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM iam.users WHERE id = (SELECT app.current_user_id()) AND system_role = 'super_admin' AND status = 'active') THEN
    RAISE EXCEPTION 'the user of this statement is no operator of the platform' USING ERRCODE = 'TN003';
  END IF;
END $$;

-- None of these shows the platform's own organization, which has the nil UUID: it is nobody's, and is in no account.

-- A page of the organizations, the newest first, after the one that is named.
CREATE FUNCTION platform.list_organizations(p_status text, p_after_created timestamptz, p_after_id uuid, p_limit integer)
RETURNS TABLE (
  id uuid, name text, slug text, status iam.organization_status, status_reason text, plan iam.plan, members bigint,
  created_at timestamptz
)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM platform.require_operator();
  RETURN QUERY
    SELECT o.id, o.name, o.slug, o.status, o.status_reason, o.plan,
           (SELECT count(*) FROM iam.memberships m WHERE m.org_id = o.id AND m.status = 'active'), o.created_at::timestamptz
    FROM iam.organizations o
    WHERE o.id <> '00000000-0000-0000-0000-000000000000' AND (p_status IS NULL OR o.status = p_status::iam.organization_status)
      AND (p_after_id IS NULL OR (o.created_at, o.id) < (p_after_created, p_after_id))
    ORDER BY o.created_at DESC, o.id DESC LIMIT p_limit;
END $$;

-- A page of what organizations have used: what their keys have asked for in a month, their members and their events, of now.
CREATE FUNCTION platform.list_usage(p_period date, p_after_id uuid, p_limit integer)
RETURNS TABLE (id uuid, name text, requests bigint, members bigint, events bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM platform.require_operator();
  RETURN QUERY
    SELECT o.id, o.name,
           coalesce((SELECT sum(u.used) FROM iam.api_key_usage u WHERE u.org_id = o.id AND u.period = p_period), 0)::bigint,
           (SELECT count(*) FROM iam.memberships m WHERE m.org_id = o.id AND m.status = 'active'),
           coalesce((SELECT h.position FROM events.heads h WHERE h.org_id = o.id), 0)
    FROM iam.organizations o
    WHERE o.id <> '00000000-0000-0000-0000-000000000000' AND o.status <> 'deleted' AND (p_after_id IS NULL OR o.id > p_after_id)
    ORDER BY o.id LIMIT p_limit;
END $$;

-- How many organizations there are in each state.
CREATE FUNCTION platform.count_organizations() RETURNS TABLE (status iam.organization_status, organizations bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM platform.require_operator();
  RETURN QUERY
    SELECT o.status, count(*) FROM iam.organizations o WHERE o.id <> '00000000-0000-0000-0000-000000000000' GROUP BY o.status ORDER BY o.status;
END $$;

GRANT CREATE ON SCHEMA platform TO tenantry_platform; -- only for the moment of the change of owner
ALTER FUNCTION platform.require_operator() OWNER TO tenantry_platform;
ALTER FUNCTION platform.list_organizations(text, timestamptz, uuid, integer) OWNER TO tenantry_platform;
ALTER FUNCTION platform.list_usage(date, uuid, integer) OWNER TO tenantry_platform;
ALTER FUNCTION platform.count_organizations() OWNER TO tenantry_platform;
REVOKE CREATE ON SCHEMA platform FROM tenantry_platform;

SET LOCAL ROLE tenantry_platform;
REVOKE ALL ON FUNCTION
  platform.require_operator(), platform.list_organizations(text, timestamptz, uuid, integer), platform.list_usage(date, uuid, integer),
  platform.count_organizations()
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  platform.list_organizations(text, timestamptz, uuid, integer), platform.list_usage(date, uuid, integer), platform.count_organizations()
TO tenantry_runtime;
RESET ROLE;
