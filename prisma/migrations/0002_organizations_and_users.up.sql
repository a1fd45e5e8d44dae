CREATE SCHEMA iam;
GRANT USAGE ON SCHEMA iam TO tenantry_runtime, tenantry_definer;

CREATE TYPE iam.organization_status AS ENUM
  ('provisioning', 'provisioning_failed', 'active', 'inactive', 'suspended', 'deleted');
CREATE TYPE iam.plan AS ENUM ('free', 'pro', 'enterprise');
CREATE TYPE iam.user_status AS ENUM ('active', 'suspended', 'deleted');
CREATE TYPE iam.system_role AS ENUM ('user', 'admin', 'super_admin');
CREATE TYPE iam.organization_role AS ENUM ('viewer', 'customer', 'member', 'manager', 'admin', 'owner');
CREATE TYPE iam.membership_status AS ENUM ('invited', 'active', 'suspended', 'left');

-- organizations: the tenants. Times are kept to the millisecond throughout, because a cursor carries them and a
-- JavaScript Date holds no more: a finer column would make a page skip or repeat rows.
CREATE TABLE iam.organizations (
  id               uuid PRIMARY KEY DEFAULT uuidv7(),
  name             text NOT NULL CHECK (length(btrim(name)) BETWEEN 3 AND 255),
  slug             text NOT NULL CHECK (slug ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?$' AND length(slug) <= 100),
  engine_namespace text NOT NULL CHECK (engine_namespace ~ '^[a-z][a-z0-9-]{2,}$' AND length(engine_namespace) <= 255),
  status           iam.organization_status NOT NULL DEFAULT 'provisioning',
  status_reason    text CHECK (length(status_reason) <= 500),
  plan             iam.plan NOT NULL DEFAULT 'free',
  description      text CHECK (length(description) <= 2000),
  is_system        boolean NOT NULL DEFAULT false,
  created_at       timestamptz(3) NOT NULL DEFAULT now(),
  updated_at       timestamptz(3) NOT NULL DEFAULT now(),
  deleted_at       timestamptz(3),
  CHECK (NOT is_system OR status = 'active') -- without the platform's own organization nobody could run the platform
);
CREATE UNIQUE INDEX organizations_name_live_idx ON iam.organizations (lower(name)) WHERE status <> 'deleted';
CREATE UNIQUE INDEX organizations_slug_live_idx ON iam.organizations (slug) WHERE status <> 'deleted';
CREATE UNIQUE INDEX organizations_engine_namespace_key ON iam.organizations (engine_namespace);
CREATE UNIQUE INDEX organizations_one_system_idx ON iam.organizations (is_system) WHERE is_system;

-- users: people as global login identities. An organization never sees this table: it sees memberships.
CREATE TABLE iam.users (
  id                   uuid PRIMARY KEY DEFAULT uuidv7(),
  email                text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254 AND position('@' IN email) > 1),
  name                 text CHECK (length(btrim(name)) BETWEEN 1 AND 200),
  password_hash        text CHECK (password_hash LIKE '$argon2id$%'),
  email_verified_at    timestamptz(3),
  status               iam.user_status NOT NULL DEFAULT 'active',
  system_role          iam.system_role NOT NULL DEFAULT 'user',
  failed_sign_in_count integer NOT NULL DEFAULT 0 CHECK (failed_sign_in_count >= 0),
  locked_until         timestamptz(3),
  created_at           timestamptz(3) NOT NULL DEFAULT now(),
  updated_at           timestamptz(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email_live_idx ON iam.users (email) WHERE status <> 'deleted';

-- memberships: a user in an organization, with the address, name, role and status it has there.
CREATE TABLE iam.memberships (
  org_id      uuid NOT NULL REFERENCES iam.organizations (id) ON DELETE CASCADE ON UPDATE CASCADE,
  id          uuid NOT NULL DEFAULT uuidv7(),
  user_id     uuid NOT NULL REFERENCES iam.users (id) ON DELETE CASCADE ON UPDATE CASCADE,
  email       text NOT NULL CHECK (email = lower(email) AND length(email) BETWEEN 3 AND 254),
  name        text CHECK (length(btrim(name)) BETWEEN 1 AND 200),
  role        iam.organization_role NOT NULL DEFAULT 'member',
  status      iam.membership_status NOT NULL DEFAULT 'active',
  role_word   text GENERATED ALWAYS AS (app.word(role)) STORED,
  status_word text GENERATED ALWAYS AS (app.word(status)) STORED,
  joined_at   timestamptz(3),
  left_at     timestamptz(3),
  created_at  timestamptz(3) NOT NULL DEFAULT now(),
  updated_at  timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, id),
  UNIQUE (org_id, user_id),
  CHECK ((status = 'left') = (left_at IS NOT NULL)) -- lists leave out who left by the time, which the planner can judge
);
CREATE UNIQUE INDEX memberships_email_live_idx ON iam.memberships (org_id, email) WHERE status <> 'left';
CREATE UNIQUE INDEX memberships_one_owner_idx ON iam.memberships (org_id) WHERE role = 'owner' AND status <> 'left';
CREATE INDEX ON iam.memberships (org_id, email); -- for lists: a status that comes as a parameter rules the partial one out
CREATE INDEX ON iam.memberships (org_id, created_at, id);
CREATE INDEX ON iam.memberships (org_id, role_word, created_at, id);
CREATE INDEX ON iam.memberships (org_id, status_word, created_at, id);
CREATE INDEX ON iam.memberships (user_id); -- for the look-up of a person's organizations, before a tenant is known

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON iam.organizations FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON iam.users FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON iam.memberships FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();

CREATE TRIGGER announce_access_change AFTER UPDATE OF status, name, slug OR DELETE ON iam.organizations
  FOR EACH ROW EXECUTE FUNCTION app.announce_access_change('org', 'id');
CREATE TRIGGER announce_access_change AFTER UPDATE OF status, system_role, password_hash OR DELETE ON iam.users
  FOR EACH ROW EXECUTE FUNCTION app.announce_access_change('user', 'id');
CREATE TRIGGER announce_access_change AFTER INSERT OR UPDATE OF status, role OR DELETE ON iam.memberships
  FOR EACH ROW EXECUTE FUNCTION app.announce_access_change('user', 'user_id');

-- The platform's own organization. It is written before row level security begins, and can never be deleted.
INSERT INTO iam.organizations (id, name, slug, engine_namespace, status, plan, is_system)
VALUES ('00000000-0000-0000-0000-000000000000', 'System', 'system', 'org-system', 'active', 'enterprise', true);

-- Policies name the role they are for, so that the definer role below is never asked for a tenant it cannot have.
ALTER TABLE iam.organizations ENABLE ROW LEVEL SECURITY;
ALTER TABLE iam.organizations FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON iam.organizations TO tenantry_runtime
  USING (id = (SELECT app.current_org_id())) WITH CHECK (id = (SELECT app.current_org_id()));

ALTER TABLE iam.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE iam.users FORCE ROW LEVEL SECURITY;
CREATE POLICY self ON iam.users TO tenantry_runtime
  USING (id = (SELECT app.current_user_id())) WITH CHECK (id = (SELECT app.current_user_id()));

-- The owner appoints administrators of the platform, from the command line; no other table opens itself to its owner.
CREATE POLICY appoint ON iam.users TO CURRENT_USER USING (true) WITH CHECK (true);

ALTER TABLE iam.memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE iam.memberships FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON iam.memberships TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

-- Nothing is ever deleted by the server here: organizations and members change status, users keep their sign-in data
-- out of its reach (no column that holds a hash can be read).
GRANT SELECT, INSERT ON iam.organizations TO tenantry_runtime;
GRANT UPDATE (name, slug, description, status, status_reason, plan, deleted_at) ON iam.organizations TO tenantry_runtime;
GRANT SELECT (id, email, name, email_verified_at, status, system_role, created_at, updated_at) ON iam.users TO tenantry_runtime;
GRANT UPDATE (name, password_hash, email_verified_at) ON iam.users TO tenantry_runtime; -- one's own, says the policy
GRANT SELECT, INSERT ON iam.memberships TO tenantry_runtime;
GRANT UPDATE (email, name, role, status, joined_at, left_at) ON iam.memberships TO tenantry_runtime;
