DROP FUNCTION iam.count_live_keys(timestamptz);
DROP FUNCTION iam.find_api_key(bytea);
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

GRANT CREATE ON SCHEMA iam TO tenantry_definer;
ALTER FUNCTION iam.find_api_key(bytea) OWNER TO tenantry_definer;
REVOKE CREATE ON SCHEMA iam FROM tenantry_definer;
SET LOCAL ROLE tenantry_definer;
REVOKE ALL ON FUNCTION iam.find_api_key(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iam.find_api_key(bytea) TO tenantry_runtime;
RESET ROLE;

DROP TRIGGER announce_access_change ON iam.api_keys;
CREATE TRIGGER announce_access_change AFTER UPDATE OF status, expires_at, scopes, rate_limit_per_hour OR DELETE ON iam.api_keys
  FOR EACH ROW EXECUTE FUNCTION app.announce_access_change('key', 'id');
DROP TRIGGER touch_updated_at ON iam.api_keys;
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON iam.api_keys FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();

DROP TABLE iam.api_key_usage;
ALTER TABLE iam.api_keys
  DROP COLUMN allowed_networks,
  DROP COLUMN allowed_origins,
  DROP COLUMN require_second_factor,
  DROP COLUMN monthly_limit,
  DROP COLUMN usage_id,
  DROP COLUMN revoked_reason,
  DROP COLUMN made_by_key_id;
DROP FUNCTION app.are_networks(text[]);
