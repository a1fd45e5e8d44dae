-- Invitations, what an organization says about itself, and what has to be known to carry on with one whose provisioning
-- or end was interrupted.

-- invitations: who was asked to join. The token was sent to the address and is kept as SHA-256 only (256 random bits); who
-- can name it may join once, until it is too old, taken back or sent anew.
CREATE TABLE iam.invitations (
  org_id        uuid NOT NULL REFERENCES iam.organizations (id) ON DELETE CASCADE ON UPDATE CASCADE,
  id            uuid NOT NULL DEFAULT uuidv7(),
  email         text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  name          text CHECK (length(btrim(name)) BETWEEN 1 AND 200),
  role          iam.organization_role NOT NULL CHECK (role <> 'owner'), -- an ownership is handed over and never sent by mail
  token_hash    bytea NOT NULL CHECK (octet_length(token_hash) = 32),
  invited_by_id uuid NOT NULL,
  sent_count    integer NOT NULL DEFAULT 1 CHECK (sent_count BETWEEN 1 AND 20),
  sent_at       timestamptz(3) NOT NULL,
  expires_at    timestamptz(3) NOT NULL,
  accepted_at   timestamptz(3),
  revoked_at    timestamptz(3),
  created_at    timestamptz(3) NOT NULL DEFAULT now(),
  updated_at    timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, invited_by_id) REFERENCES iam.memberships (org_id, id) ON DELETE CASCADE ON UPDATE CASCADE,
  CHECK (accepted_at IS NULL OR revoked_at IS NULL)
);
CREATE UNIQUE INDEX invitations_email_open_idx ON iam.invitations (org_id, email) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE UNIQUE INDEX invitations_token_hash_key ON iam.invitations (token_hash); -- for the look-up, before the organization is known
CREATE INDEX ON iam.invitations (org_id, created_at, id);
CREATE INDEX ON iam.invitations (org_id, sent_at); -- how many mails went out lately
CREATE INDEX ON iam.invitations (org_id, invited_by_id);

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON iam.invitations FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();

ALTER TABLE iam.invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE iam.invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON iam.invitations TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));
CREATE POLICY lookup ON iam.invitations FOR SELECT TO tenantry_definer USING (true);

GRANT INSERT ON iam.invitations TO tenantry_runtime;
GRANT SELECT (org_id, id, email, name, role, invited_by_id, sent_count, sent_at, expires_at, accepted_at, revoked_at,
              created_at, updated_at) ON iam.invitations TO tenantry_runtime;
GRANT UPDATE (token_hash, invited_by_id, sent_count, sent_at, expires_at, accepted_at, revoked_at) ON iam.invitations TO tenantry_runtime;
GRANT SELECT ON iam.invitations TO tenantry_definer;

-- invitation_mails: which address was to get an invitation when, so that nobody's mailbox is filled: by one organization,
-- which is told so, nor by all together beyond a first mail of each, which none of them is told. Rows of a day; the server's
-- role cannot name them.
CREATE TABLE credentials.invitation_mails (
  id             uuid PRIMARY KEY DEFAULT uuidv7(),
  recipient_hash bytea NOT NULL CHECK (octet_length(recipient_hash) = 32), -- SHA-256 of the address
  asked_by       uuid NOT NULL, -- the organization
  mailed         boolean NOT NULL, -- false: others have filled the day
  asked_at       timestamptz(3) NOT NULL
);
CREATE INDEX ON credentials.invitation_mails (recipient_hash, asked_at);
CREATE INDEX ON credentials.invitation_mails (asked_at); -- for the clearing away

ALTER TABLE credentials.invitation_mails ENABLE ROW LEVEL SECURITY;
ALTER TABLE credentials.invitation_mails FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON credentials.invitation_mails TO tenantry_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON credentials.invitation_mails TO tenantry_definer;

ALTER TABLE iam.organizations
  ADD COLUMN website text CHECK (length(website) <= 500),
  ADD COLUMN contact_email text CHECK (contact_email = lower(contact_email) AND length(contact_email) BETWEEN 3 AND 254),
  ADD COLUMN timezone text NOT NULL DEFAULT 'UTC' CHECK (length(timezone) BETWEEN 1 AND 50),
  ADD COLUMN locale text NOT NULL DEFAULT 'en' CHECK (length(locale) BETWEEN 2 AND 35),
  ADD COLUMN settings jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object' AND length(settings::text) <= 32768),
  ADD COLUMN require_second_factor boolean NOT NULL DEFAULT false,
  ADD COLUMN namespace_retired_at timestamptz(3); -- when the engine has let go of the namespace of a deleted one
-- What is carried on with is few rows of many, and is looked for all the time.
CREATE INDEX organizations_provisioning_idx ON iam.organizations (updated_at) WHERE status = 'provisioning';
CREATE INDEX organizations_unretired_idx ON iam.organizations (updated_at) WHERE status = 'deleted' AND namespace_retired_at IS NULL;

-- Behind row level security the planner may not look at which values there are, only at how many. Where all are active it
-- finds one, takes for certain that nothing is unlike it, and reads a whole partial index (status <> ...) for the one row that
-- a key names. So it is told how many there can be.
ALTER TABLE iam.users ALTER COLUMN status SET (n_distinct = 3);
ALTER TABLE iam.memberships ALTER COLUMN status SET (n_distinct = 4);
ALTER TABLE iam.organizations ALTER COLUMN status SET (n_distinct = 6);

GRANT UPDATE (website, contact_email, timezone, locale, settings, require_second_factor, namespace_retired_at)
  ON iam.organizations TO tenantry_runtime;

DROP TRIGGER announce_access_change ON iam.organizations;
CREATE TRIGGER announce_access_change AFTER UPDATE OF status, name, slug, require_second_factor OR DELETE ON iam.organizations
  FOR EACH ROW EXECUTE FUNCTION app.announce_access_change('org', 'id');

GRANT CREATE ON SCHEMA iam TO tenantry_definer; -- only for the moment of these functions
SET LOCAL ROLE tenantry_definer;

CREATE OR REPLACE FUNCTION iam.memberships_of(p_user_id uuid) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object(
           'orgId', m.org_id, 'membershipId', m.id, 'role', m.role, 'status', m.status,
           'organizationStatus', o.status, 'organizationName', o.name, 'organizationSlug', o.slug,
           'requiresSecondFactor', o.require_second_factor) ORDER BY m.created_at, m.id),
         '[]'::jsonb)
  FROM iam.memberships m JOIN iam.organizations o ON o.id = m.org_id
  WHERE m.user_id = p_user_id
$$;

-- The organization that a super administrator asks to work in. No row for anybody else, and none for an unknown one.
DROP FUNCTION iam.find_organization_for_operator(uuid, uuid);
CREATE FUNCTION iam.find_organization_for_operator(p_user_id uuid, p_org_id uuid)
RETURNS TABLE (org_id uuid, organization_status iam.organization_status, requires_second_factor boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.id, o.status, o.require_second_factor FROM iam.organizations o
  WHERE o.id = p_org_id
    AND EXISTS (SELECT 1 FROM iam.users u WHERE u.id = p_user_id AND u.system_role = 'super_admin' AND u.status = 'active')
$$;

-- The invitation that a token is for, as long as it can be accepted: it is open and not too old, the organization is in
-- use, and whoever sent it is still there. With it the identity that has the address, if there is one; has_account: whether
-- it has anything to sign in with, so that an invitation sets no password in its place and asks for no second factor less.
CREATE FUNCTION iam.find_invitation(p_token_hash bytea, p_now timestamptz)
RETURNS TABLE (org_id uuid, invitation_id uuid, email text, sent_count integer, user_id uuid, user_status iam.user_status, has_account boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT i.org_id, i.id, i.email, i.sent_count, u.id, u.status, u.password_hash IS NOT NULL
    OR EXISTS (SELECT 1 FROM credentials.second_factors f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL)
  FROM iam.invitations i
  JOIN iam.organizations o ON o.id = i.org_id
  JOIN iam.memberships m ON m.org_id = i.org_id AND m.id = i.invited_by_id
  LEFT JOIN iam.users u ON u.email = i.email AND u.status <> 'deleted'
  WHERE i.token_hash = p_token_hash AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > p_now
    AND o.status = 'active' AND m.status = 'active'
$$;

-- Counts a mail with an invitation of the organization of this statement, and answers whether it is to be sent.
-- next_at: not null when the organization asks too soon, a minute after its last or for an 11th within a day: then nothing is
-- counted. mailed: false when the address had 20 of all organizations within the day, and one of this: the first is always sent,
-- so that no two organizations keep everybody else's away. What an organization is refused depends on what it has asked for
-- itself, whether that was sent or not, so that it learns nothing of the others.
CREATE FUNCTION iam.take_invitation_mail(p_email text, p_now timestamptz) RETURNS TABLE (next_at timestamptz, mailed boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  recipient bytea := sha256(convert_to(p_email, 'UTF8'));
  asking_id uuid := app.current_org_id();
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_email, 1)); -- of two at once the second counts the first
  DELETE FROM credentials.invitation_mails WHERE id IN (
    SELECT m.id FROM credentials.invitation_mails m WHERE m.asked_at <= p_now - interval '24 hours'
    ORDER BY m.asked_at LIMIT 100 FOR UPDATE SKIP LOCKED);
  SELECT greatest(max(m.asked_at) + interval '1 minute', CASE WHEN count(*) >= 10 THEN min(m.asked_at) + interval '24 hours' END)
    INTO next_at FROM credentials.invitation_mails m
    WHERE m.recipient_hash = recipient AND m.asked_by = asking_id AND m.asked_at > p_now - interval '24 hours';
  IF next_at > p_now THEN
    mailed := false;
    RETURN NEXT;
    RETURN;
  END IF;
  next_at := NULL;
  SELECT count(*) < 20 OR count(*) FILTER (WHERE m.asked_by = asking_id) = 0 INTO mailed FROM credentials.invitation_mails m
    WHERE m.recipient_hash = recipient AND m.mailed AND m.asked_at > p_now - interval '24 hours';
  INSERT INTO credentials.invitation_mails (recipient_hash, asked_by, mailed, asked_at) VALUES (recipient, asking_id, mailed, p_now);
  RETURN NEXT;
END $$;

-- The organizations that somebody has to carry on with: those whose provisioning began and did not end, and those that are
-- deleted while the engine still holds their namespace. What was touched within the last minute, by the clock that wrote so,
-- is under way. At most 100 of each, and those first that nobody has tried for the longest: a try touches them, so that what
-- never succeeds keeps nothing else waiting.
CREATE FUNCTION iam.find_unsettled_organizations()
RETURNS TABLE (org_id uuid, organization_status iam.organization_status)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  (SELECT o.id, o.status FROM iam.organizations o
   WHERE o.status = 'provisioning' AND o.updated_at < now() - interval '1 minute' ORDER BY o.updated_at LIMIT 100)
  UNION ALL
  (SELECT o.id, o.status FROM iam.organizations o
   WHERE o.status = 'deleted' AND o.namespace_retired_at IS NULL AND o.updated_at < now() - interval '1 minute' ORDER BY o.updated_at LIMIT 100)
$$;

-- Ends the sessions of those who belong to the organization of this statement, which was deleted, and to no other that is
-- still there. Everybody else loses this organization with the next request, and nothing elsewhere.
CREATE FUNCTION iam.end_sessions_of_deleted(p_now timestamptz) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE iam.sessions s SET ended_at = p_now
  FROM iam.organizations d
  JOIN iam.memberships m ON m.org_id = d.id AND m.status <> 'left'
  JOIN iam.users u ON u.id = m.user_id AND u.system_role = 'user'
  WHERE d.id = (SELECT app.current_org_id()) AND d.status = 'deleted' AND s.user_id = m.user_id AND s.ended_at IS NULL
    AND NOT EXISTS (
      SELECT 1 FROM iam.memberships o JOIN iam.organizations g ON g.id = o.org_id
      WHERE o.user_id = m.user_id AND o.org_id <> m.org_id AND o.status <> 'left' AND g.status <> 'deleted')
$$;

REVOKE ALL ON FUNCTION
  iam.find_organization_for_operator(uuid, uuid), iam.find_invitation(bytea, timestamptz), iam.take_invitation_mail(text, timestamptz),
  iam.find_unsettled_organizations(), iam.end_sessions_of_deleted(timestamptz)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  iam.find_organization_for_operator(uuid, uuid), iam.find_invitation(bytea, timestamptz), iam.take_invitation_mail(text, timestamptz),
  iam.find_unsettled_organizations(), iam.end_sessions_of_deleted(timestamptz)
TO tenantry_runtime;
RESET ROLE;
REVOKE CREATE ON SCHEMA iam FROM tenantry_definer;
