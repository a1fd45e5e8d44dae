GRANT CREATE ON SCHEMA iam TO tenantry_definer;
SET LOCAL ROLE tenantry_definer;
DROP FUNCTION iam.end_sessions_of_deleted(timestamptz);
DROP FUNCTION iam.find_unsettled_organizations();
DROP FUNCTION iam.take_invitation_mail(text, timestamptz);
DROP FUNCTION iam.find_invitation(bytea, timestamptz);
DROP FUNCTION iam.find_organization_for_operator(uuid, uuid);
CREATE FUNCTION iam.find_organization_for_operator(p_user_id uuid, p_org_id uuid)
RETURNS TABLE (org_id uuid, organization_status iam.organization_status)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT o.id, o.status FROM iam.organizations o
  WHERE o.id = p_org_id
    AND EXISTS (SELECT 1 FROM iam.users u WHERE u.id = p_user_id AND u.system_role = 'super_admin' AND u.status = 'active')
$$;
CREATE OR REPLACE FUNCTION iam.memberships_of(p_user_id uuid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object(
           'orgId', m.org_id, 'membershipId', m.id, 'role', m.role, 'status', m.status,
           'organizationStatus', o.status, 'organizationName', o.name, 'organizationSlug', o.slug) ORDER BY m.created_at, m.id),
         '[]'::jsonb)
  FROM iam.memberships m JOIN iam.organizations o ON o.id = m.org_id
  WHERE m.user_id = p_user_id
$$;
REVOKE ALL ON FUNCTION iam.find_organization_for_operator(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iam.find_organization_for_operator(uuid, uuid) TO tenantry_runtime;
RESET ROLE;
REVOKE CREATE ON SCHEMA iam FROM tenantry_definer;

ALTER TABLE iam.organizations ALTER COLUMN status RESET (n_distinct);
ALTER TABLE iam.memberships ALTER COLUMN status RESET (n_distinct);
ALTER TABLE iam.users ALTER COLUMN status RESET (n_distinct);
DROP TRIGGER announce_access_change ON iam.organizations;
CREATE TRIGGER announce_access_change AFTER UPDATE OF status, name, slug OR DELETE ON iam.organizations
  FOR EACH ROW EXECUTE FUNCTION app.announce_access_change('org', 'id');
DROP INDEX iam.organizations_unretired_idx;
DROP INDEX iam.organizations_provisioning_idx;
ALTER TABLE iam.organizations
  DROP COLUMN namespace_retired_at,
  DROP COLUMN require_second_factor,
  DROP COLUMN settings,
  DROP COLUMN locale,
  DROP COLUMN timezone,
  DROP COLUMN contact_email,
  DROP COLUMN website;
DROP TABLE credentials.invitation_mails;
DROP TABLE iam.invitations;
