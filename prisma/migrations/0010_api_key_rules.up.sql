-- Where, by whom and how much an API key may be used. What is counted by the month outlives a rotation: a successor goes on
-- in the count of its predecessor.

-- Whether each text is a network with no bit set beyond its prefix, as the server compares callers with it.
CREATE FUNCTION app.are_networks(text[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM network::cidr FROM unnest($1) AS network;
  RETURN array_position($1, NULL) IS NULL;
EXCEPTION WHEN invalid_text_representation THEN
  RETURN false;
END $$;

ALTER TABLE iam.api_keys
  ADD COLUMN allowed_networks      text[] NOT NULL DEFAULT '{}' CHECK (cardinality(allowed_networks) <= 50 AND app.are_networks(allowed_networks)),
  ADD COLUMN allowed_origins       text[] NOT NULL DEFAULT '{}' CHECK (cardinality(allowed_origins) <= 50),
  ADD COLUMN require_second_factor boolean NOT NULL DEFAULT false,
  ADD COLUMN monthly_limit         integer CHECK (monthly_limit >= 1),
  ADD COLUMN usage_id              uuid NOT NULL DEFAULT uuidv7(), -- what is counted together: a rotation is no way to a new month
  ADD COLUMN revoked_reason        text CHECK (revoked_reason IN ('taken_back', 'leaked', 'member_left', 'issuer_demoted', 'rotated', 'organization_deleted')),
  ADD COLUMN made_by_key_id        uuid, -- the key by which it was made or rotated: whoever holds that one has seen this secret
  ADD FOREIGN KEY (org_id, made_by_key_id) REFERENCES iam.api_keys (org_id, id) ON DELETE SET NULL (made_by_key_id) ON UPDATE CASCADE,
  ADD CHECK (revoked_reason IS NULL OR status = 'revoked');
CREATE INDEX ON iam.api_keys (org_id, made_by_key_id);

-- api_key_usage: how many root fields the keys that are counted together have asked for in a month of UTC.
CREATE TABLE iam.api_key_usage (
  org_id     uuid NOT NULL REFERENCES iam.organizations (id) ON DELETE CASCADE ON UPDATE CASCADE,
  usage_id   uuid NOT NULL,
  period     date NOT NULL CHECK (extract(day FROM period) = 1),
  used       bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
  used_up_at timestamptz(3), -- when a call was first refused: that is told once a month
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, usage_id, period)
);
CREATE INDEX ON iam.api_key_usage (org_id, created_at);

ALTER TABLE iam.api_key_usage ENABLE ROW LEVEL SECURITY;
ALTER TABLE iam.api_key_usage FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON iam.api_key_usage TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

GRANT SELECT, INSERT ON iam.api_key_usage TO tenantry_runtime;
GRANT UPDATE (used, used_up_at) ON iam.api_key_usage TO tenantry_runtime;
GRANT SELECT (allowed_networks, allowed_origins, require_second_factor, monthly_limit, usage_id, revoked_reason, made_by_key_id) ON iam.api_keys TO tenantry_runtime;
GRANT UPDATE (allowed_networks, allowed_origins, require_second_factor, monthly_limit, revoked_reason) ON iam.api_keys TO tenantry_runtime;

-- Being used is no change: last_used_at leaves updated_at as it is.
DROP TRIGGER touch_updated_at ON iam.api_keys;
CREATE TRIGGER touch_updated_at
  BEFORE UPDATE OF name, description, scopes, rate_limit_per_hour, status, expires_at, superseded_by_id, allowed_networks, allowed_origins,
                   require_second_factor, monthly_limit
  ON iam.api_keys FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();

DROP TRIGGER announce_access_change ON iam.api_keys;
CREATE TRIGGER announce_access_change
  AFTER UPDATE OF status, expires_at, scopes, rate_limit_per_hour, allowed_networks, allowed_origins, require_second_factor, monthly_limit OR DELETE
  ON iam.api_keys FOR EACH ROW EXECUTE FUNCTION app.announce_access_change('key', 'id');

-- The look-up tells the new rules too, whether the owner has the second factor that one of them asks for, and whether the
-- member who made the key, and so knows its secret, is still let in. An operator of the platform is no member: null. What
-- the organization is called and asks for comes along, so that a key which was not seen lately takes one round trip.
DROP FUNCTION iam.find_api_key(bytea);
CREATE FUNCTION iam.find_api_key(p_fingerprint bytea)
RETURNS TABLE (
  org_id uuid, key_id uuid, user_id uuid, membership_id uuid, secret_hash text, key_status iam.api_key_status,
  expires_at timestamptz, scopes text[], rate_limit_per_hour integer,
  allowed_networks text[], allowed_origins text[], require_second_factor boolean, owner_second_factor boolean,
  monthly_limit integer, usage_id uuid,
  organization_status iam.organization_status, organization_name text, organization_slug text, organization_second_factor boolean,
  user_status iam.user_status, membership_status iam.membership_status, role iam.organization_role,
  issuer_user_id uuid, issuer_active boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT k.org_id, k.id, k.user_id, m.id, k.secret_hash, k.status, k.expires_at, k.scopes, k.rate_limit_per_hour,
         k.allowed_networks, k.allowed_origins, k.require_second_factor, f.user_id IS NOT NULL, k.monthly_limit, k.usage_id,
         o.status, o.name, o.slug, o.require_second_factor, u.status, m.status, m.role,
         i.user_id, k.issued_by_id IS NULL OR (i.status = 'active' AND iu.status = 'active')
  FROM iam.api_keys k
  JOIN iam.organizations o ON o.id = k.org_id
  JOIN iam.memberships m ON m.org_id = k.org_id AND m.user_id = k.user_id
  JOIN iam.users u ON u.id = k.user_id
  LEFT JOIN iam.memberships i ON i.org_id = k.org_id AND i.id = k.issued_by_id
  LEFT JOIN iam.users iu ON iu.id = i.user_id
  LEFT JOIN credentials.second_factors f ON f.user_id = k.user_id AND f.confirmed_at IS NOT NULL
  WHERE k.fingerprint = p_fingerprint
$$;

-- How many keys open a door that act for the person of this statement, or whose secret the person has seen, and in how many
-- organizations: for the mail after a change of the password, which ends sessions and no keys. Numbers, and nothing else.
CREATE FUNCTION iam.count_live_keys(p_now timestamptz)
RETURNS TABLE (keys integer, organizations integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*)::integer, count(DISTINCT k.org_id)::integer
  FROM iam.memberships m
  JOIN iam.organizations o ON o.id = m.org_id AND o.status <> 'deleted'
  JOIN iam.api_keys k ON k.org_id = m.org_id AND (k.user_id = m.user_id OR k.issued_by_id = m.id)
  WHERE m.user_id = app.current_user_id() AND m.status <> 'left'
    AND k.status = 'active' AND (k.expires_at IS NULL OR k.expires_at > p_now)
$$;

GRANT CREATE ON SCHEMA iam TO tenantry_definer; -- only for the moment of the change of owner
ALTER FUNCTION iam.find_api_key(bytea) OWNER TO tenantry_definer;
ALTER FUNCTION iam.count_live_keys(timestamptz) OWNER TO tenantry_definer;
REVOKE CREATE ON SCHEMA iam FROM tenantry_definer;

SET LOCAL ROLE tenantry_definer;
REVOKE ALL ON FUNCTION iam.find_api_key(bytea), iam.count_live_keys(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION iam.find_api_key(bytea), iam.count_live_keys(timestamptz) TO tenantry_runtime;
RESET ROLE;
