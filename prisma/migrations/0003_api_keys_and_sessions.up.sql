CREATE TYPE iam.api_key_type AS ENUM ('personal', 'service', 'integration');
CREATE TYPE iam.api_key_status AS ENUM ('active', 'revoked');

-- api_keys: found by an HMAC fingerprint, verified by argon2id. Neither can be read by the server's role: the look-up
-- is a function.
CREATE TABLE iam.api_keys (
  org_id              uuid NOT NULL REFERENCES iam.organizations (id) ON DELETE CASCADE ON UPDATE CASCADE,
  id                  uuid NOT NULL DEFAULT uuidv7(),
  user_id             uuid NOT NULL,
  name                text NOT NULL CHECK (length(btrim(name)) BETWEEN 1 AND 255),
  description         text CHECK (length(description) <= 2000),
  type                iam.api_key_type NOT NULL DEFAULT 'personal',
  prefix              text NOT NULL CHECK (prefix ~ '^tk_[0-9A-Za-z]{6}$'),
  fingerprint         bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
  secret_hash         text NOT NULL CHECK (secret_hash LIKE '$argon2id$%'),
  scopes              text[] NOT NULL DEFAULT '{}',
  rate_limit_per_hour integer NOT NULL DEFAULT 3600 CHECK (rate_limit_per_hour BETWEEN 1 AND 10000),
  status              iam.api_key_status NOT NULL DEFAULT 'active',
  expires_at          timestamptz(3),
  revoked_at          timestamptz(3),
  last_used_at        timestamptz(3),
  superseded_by_id    uuid,
  issued_by_id        uuid, -- who has seen the secret: when that member leaves, the key ends
  created_at          timestamptz(3) NOT NULL DEFAULT now(),
  updated_at          timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, user_id) REFERENCES iam.memberships (org_id, user_id) ON DELETE CASCADE ON UPDATE CASCADE,
  FOREIGN KEY (org_id, issued_by_id) REFERENCES iam.memberships (org_id, id) ON DELETE SET NULL (issued_by_id) ON UPDATE CASCADE,
  FOREIGN KEY (org_id, superseded_by_id) REFERENCES iam.api_keys (org_id, id) ON DELETE SET NULL (superseded_by_id) ON UPDATE CASCADE,
  CHECK ((status = 'revoked') = (revoked_at IS NOT NULL))
);
CREATE UNIQUE INDEX api_keys_fingerprint_key ON iam.api_keys (fingerprint);
CREATE UNIQUE INDEX api_keys_name_live_idx ON iam.api_keys (org_id, user_id, name)
  WHERE status = 'active' AND superseded_by_id IS NULL;
CREATE INDEX ON iam.api_keys (org_id, created_at, id);
CREATE INDEX ON iam.api_keys (org_id, user_id, created_at, id);
CREATE INDEX ON iam.api_keys (org_id, superseded_by_id);
CREATE INDEX ON iam.api_keys (org_id, issued_by_id);

-- sessions: a signed-in device. They belong to a person, not to an organization: the request chooses among the
-- organizations that the person is in. Tokens are kept as SHA-256 only (they are 256 random bits).
CREATE TABLE iam.sessions (
  id                     uuid PRIMARY KEY DEFAULT uuidv7(),
  user_id                uuid NOT NULL REFERENCES iam.users (id) ON DELETE CASCADE ON UPDATE CASCADE,
  access_hash            bytea NOT NULL CHECK (octet_length(access_hash) = 32),
  refresh_hash           bytea NOT NULL CHECK (octet_length(refresh_hash) = 32),
  previous_refresh_hash  bytea CHECK (octet_length(previous_refresh_hash) = 32),
  access_expires_at      timestamptz(3) NOT NULL,
  refresh_expires_at     timestamptz(3) NOT NULL,
  ended_at               timestamptz(3),
  user_agent             text CHECK (length(user_agent) <= 500),
  created_at             timestamptz(3) NOT NULL DEFAULT now(),
  updated_at             timestamptz(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX sessions_access_hash_key ON iam.sessions (access_hash);
CREATE UNIQUE INDEX sessions_refresh_hash_key ON iam.sessions (refresh_hash);
CREATE INDEX ON iam.sessions (previous_refresh_hash);
CREATE INDEX ON iam.sessions (user_id, created_at, id);

-- idempotency_keys: what a repeated mutation answers, for 24 hours.
CREATE TABLE iam.idempotency_keys (
  org_id       uuid NOT NULL REFERENCES iam.organizations (id) ON DELETE CASCADE ON UPDATE CASCADE,
  user_id      uuid NOT NULL,
  operation    text NOT NULL CHECK (length(operation) BETWEEN 1 AND 100),
  key          text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
  request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
  result       jsonb NOT NULL,
  created_at   timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (org_id, user_id, operation, key)
);
CREATE INDEX ON iam.idempotency_keys (org_id, created_at);

CREATE TRIGGER touch_updated_at BEFORE UPDATE ON iam.api_keys FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
CREATE TRIGGER touch_updated_at BEFORE UPDATE ON iam.sessions FOR EACH ROW EXECUTE FUNCTION app.touch_updated_at();
CREATE TRIGGER announce_access_change AFTER UPDATE OF status, expires_at, scopes, rate_limit_per_hour OR DELETE ON iam.api_keys
  FOR EACH ROW EXECUTE FUNCTION app.announce_access_change('key', 'id');
CREATE TRIGGER announce_access_change AFTER UPDATE OF ended_at, access_hash OR DELETE ON iam.sessions
  FOR EACH ROW EXECUTE FUNCTION app.announce_access_change('session', 'id');

ALTER TABLE iam.api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE iam.api_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON iam.api_keys TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

ALTER TABLE iam.sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE iam.sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY self ON iam.sessions TO tenantry_runtime
  USING (user_id = (SELECT app.current_user_id())) WITH CHECK (user_id = (SELECT app.current_user_id()));

ALTER TABLE iam.idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE iam.idempotency_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON iam.idempotency_keys TO tenantry_runtime
  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));

GRANT INSERT ON iam.api_keys TO tenantry_runtime;
GRANT SELECT (org_id, id, user_id, name, description, type, prefix, scopes, rate_limit_per_hour, status, expires_at,
              revoked_at, last_used_at, superseded_by_id, issued_by_id, created_at, updated_at) ON iam.api_keys TO tenantry_runtime;
GRANT UPDATE (name, description, scopes, rate_limit_per_hour, status, expires_at, revoked_at, last_used_at,
              superseded_by_id) ON iam.api_keys TO tenantry_runtime;
GRANT INSERT ON iam.sessions TO tenantry_runtime;
GRANT SELECT (id, user_id, access_expires_at, refresh_expires_at, ended_at, user_agent, created_at, updated_at)
  ON iam.sessions TO tenantry_runtime;
GRANT UPDATE (access_hash, refresh_hash, previous_refresh_hash, access_expires_at, refresh_expires_at, ended_at)
  ON iam.sessions TO tenantry_runtime;
GRANT SELECT, INSERT, DELETE ON iam.idempotency_keys TO tenantry_runtime;
-- Whoever locks rows to delete them needs to be allowed some update; who can delete and insert gains nothing by this one.
GRANT UPDATE (request_hash) ON iam.idempotency_keys TO tenantry_runtime;
