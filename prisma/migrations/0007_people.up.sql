-- What opens doors lies in a schema that the server's role cannot name: it is reached through the functions below alone.
-- So an injected statement reads no token, no second factor and not whose address was tried how often. It can ask for the hash of
-- a password, which the server has to compare. It can also do what the server does: whoever runs statements as the server writes a
-- token of their own choice and uses it, and so sets a password. What it does not get is what others were sent.

CREATE SCHEMA credentials;
GRANT USAGE ON SCHEMA credentials TO tenantry_definer;

-- tokens: sent by mail, or handed out between two steps of a sign-in. Kept as SHA-256 only (they are 256 random bits).
CREATE TABLE credentials.tokens (
  hash          bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
  purpose       text NOT NULL CHECK (purpose IN ('verify_email', 'reset_password', 'second_factor')),
  user_id       uuid REFERENCES iam.users (id) ON DELETE CASCADE ON UPDATE CASCADE, -- null: nobody has the address, and the same work was done
  password_hash text CHECK (password_hash LIKE '$argon2id$%'), -- what was chosen at registration, until the address is proved
  name          text CHECK (length(btrim(name)) BETWEEN 1 AND 200),
  attempts      integer NOT NULL DEFAULT 0,
  mailed        boolean NOT NULL DEFAULT false, -- counted, so that nobody's mailbox is filled
  expires_at    timestamptz(3) NOT NULL,
  used_at       timestamptz(3),
  created_at    timestamptz(3) NOT NULL
);
CREATE INDEX ON credentials.tokens (user_id, purpose, created_at);
CREATE INDEX ON credentials.tokens (expires_at); -- for the clearing away

-- sign_in_attempts: by HMAC of what is counted. Of an address, whether anybody has it or not, so that neither text nor time
-- tells; and of a person's codes, and of what is tried from within a person's sessions. Strangers reach the first alone.
CREATE TABLE credentials.sign_in_attempts (
  subject_hash bytea PRIMARY KEY CHECK (octet_length(subject_hash) = 32),
  failures     integer NOT NULL DEFAULT 0, -- of this round; 5 lock
  rounds       integer NOT NULL DEFAULT 0, -- locks before this one: each doubles the time
  last_at      timestamptz(3) NOT NULL
);
CREATE INDEX ON credentials.sign_in_attempts (last_at); -- for the clearing away

CREATE TABLE credentials.second_factors (
  user_id          uuid PRIMARY KEY REFERENCES iam.users (id) ON DELETE CASCADE ON UPDATE CASCADE,
  key_id           text NOT NULL CHECK (key_id ~ '^[0-9a-f]{8}$'),
  encrypted_secret bytea NOT NULL CHECK (octet_length(encrypted_secret) BETWEEN 29 AND 200), -- nonce 12, tag 16, AES-256-GCM
  confirmed_at     timestamptz(3),             -- null: enrolment has begun
  last_step        bigint NOT NULL DEFAULT -1, -- the last time step that was used: a code works once
  created_at       timestamptz(3) NOT NULL
);

CREATE TABLE credentials.recovery_codes (
  user_id uuid NOT NULL REFERENCES credentials.second_factors (user_id) ON DELETE CASCADE ON UPDATE CASCADE,
  hash    bytea NOT NULL CHECK (octet_length(hash) = 32), -- HMAC-SHA-256 under a key of the installation
  used_at timestamptz(3),
  PRIMARY KEY (user_id, hash)
);

CREATE TRIGGER announce_access_change AFTER UPDATE OF confirmed_at OR DELETE ON credentials.second_factors
  FOR EACH ROW EXECUTE FUNCTION app.announce_access_change('user', 'user_id');

ALTER TABLE credentials.tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE credentials.tokens FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON credentials.tokens TO tenantry_definer USING (true) WITH CHECK (true);
ALTER TABLE credentials.sign_in_attempts ENABLE ROW LEVEL SECURITY;
ALTER TABLE credentials.sign_in_attempts FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON credentials.sign_in_attempts TO tenantry_definer USING (true) WITH CHECK (true);
ALTER TABLE credentials.second_factors ENABLE ROW LEVEL SECURITY;
ALTER TABLE credentials.second_factors FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON credentials.second_factors TO tenantry_definer USING (true) WITH CHECK (true);
ALTER TABLE credentials.recovery_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE credentials.recovery_codes FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON credentials.recovery_codes TO tenantry_definer USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE
  ON credentials.tokens, credentials.sign_in_attempts, credentials.second_factors, credentials.recovery_codes TO tenantry_definer;

ALTER TABLE iam.users ADD COLUMN locale text CHECK (length(locale) BETWEEN 2 AND 35);
ALTER TABLE iam.users ADD COLUMN timezone text CHECK (length(timezone) BETWEEN 1 AND 50);
-- Who was signed in before this migration has proved nothing lately.
ALTER TABLE iam.sessions ADD COLUMN proved_at timestamptz(3) NOT NULL DEFAULT 'epoch'; -- when the person last proved to be there
ALTER TABLE iam.sessions ALTER COLUMN proved_at DROP DEFAULT; -- whoever opens a session says when, and nothing counts as proved by oversight
ALTER TABLE iam.sessions ADD COLUMN second_factor_at timestamptz(3); -- null: this session had none
ALTER TABLE iam.sessions ADD COLUMN ip text CHECK (length(ip) <= 45);
GRANT SELECT (locale, timezone), UPDATE (locale, timezone) ON iam.users TO tenantry_runtime;
-- The functions below are who writes passwords and proofs of addresses, each against what it has to be given: a token, the former
-- password, none. So no one statement on this table sets all of them or takes a proof away; whoever runs statements as the server
-- can still call the functions in turn, as the server does.
REVOKE UPDATE (password_hash, email_verified_at) ON iam.users FROM tenantry_runtime;
GRANT SELECT (proved_at, second_factor_at, ip), UPDATE (proved_at, second_factor_at) ON iam.sessions TO tenantry_runtime;

DROP TRIGGER announce_access_change ON iam.sessions;
CREATE TRIGGER announce_access_change AFTER UPDATE OF ended_at, access_hash, proved_at, second_factor_at OR DELETE ON iam.sessions
  FOR EACH ROW EXECUTE FUNCTION app.announce_access_change('session', 'id');

CREATE POLICY settle ON iam.users FOR UPDATE TO tenantry_definer USING (status = 'active') WITH CHECK (status = 'active');
GRANT UPDATE (name, password_hash, email_verified_at) ON iam.users TO tenantry_definer;
-- Whoever registered and never proved the address: see clear_credentials.
CREATE INDEX users_unproved_idx ON iam.users (updated_at) WHERE password_hash IS NULL AND email_verified_at IS NULL;
CREATE POLICY clear ON iam.users FOR DELETE TO tenantry_definer
  USING (password_hash IS NULL AND email_verified_at IS NULL AND status = 'active' AND system_role = 'user');
GRANT DELETE ON iam.users TO tenantry_definer;
CREATE POLICY end_all ON iam.sessions FOR UPDATE TO tenantry_definer USING (ended_at IS NULL) WITH CHECK (ended_at IS NOT NULL);
GRANT UPDATE (ended_at) ON iam.sessions TO tenantry_definer;
CREATE INDEX sessions_over_idx ON iam.sessions (least(ended_at, refresh_expires_at)); -- for the clearing away
CREATE POLICY clear ON iam.sessions FOR DELETE TO tenantry_definer USING (true);
GRANT DELETE ON iam.sessions TO tenantry_definer;

-- The identity that has an address, made when there is none, as before. One that the clearing would take is touched: whoever
-- asked is about to hang something on it, in a statement of its own.
GRANT CREATE ON SCHEMA iam TO tenantry_definer; -- only for the moment, and it is who may replace what is its own
SET LOCAL ROLE tenantry_definer;
CREATE OR REPLACE FUNCTION iam.ensure_identity(p_email text, p_name text) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found_id uuid;
BEGIN
  INSERT INTO iam.users AS u (email, name) VALUES (p_email, p_name)
    ON CONFLICT (email) WHERE status <> 'deleted' DO UPDATE SET name = u.name -- and updated_at, by the trigger
    WHERE u.password_hash IS NULL AND u.email_verified_at IS NULL AND u.status = 'active';
  SELECT u.id INTO found_id FROM iam.users u WHERE u.email = p_email AND u.status <> 'deleted';
  RETURN found_id;
END $$;
RESET ROLE;
REVOKE CREATE ON SCHEMA iam FROM tenantry_definer;

-- Counts an attempt to prove to be whoever has an address, before anything is compared, so that a hundred guesses at once
-- are five. The same work whoever is meant. The 5th failure locks for 15 minutes, which double with each round up to 24
-- hours; whoever is quiet for 24 hours after begins anew. What comes while locked counts for nothing.
-- locks_until: not null when this attempt, unless it is settled, is the one that locks.
CREATE FUNCTION iam.take_sign_in_attempt(p_subject_hash bytea, p_now timestamptz)
RETURNS TABLE (locked boolean, locks_until timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  taken credentials.sign_in_attempts;
  lock_for interval;
BEGIN
  -- One statement, which waits for others with the row and has it in the end, also when they take it away.
  INSERT INTO credentials.sign_in_attempts AS a (subject_hash, last_at) VALUES (p_subject_hash, p_now)
    ON CONFLICT (subject_hash) DO UPDATE SET failures = a.failures RETURNING * INTO taken;
  lock_for := least(interval '15 minutes' * (2 ^ least(taken.rounds, 7)), interval '24 hours');
  locked := taken.failures >= 5 AND p_now < taken.last_at + lock_for;
  IF NOT locked THEN
    IF taken.failures >= 5 THEN
      taken.failures := 0;
      taken.rounds := taken.rounds + 1;
    END IF;
    IF p_now >= taken.last_at + lock_for + interval '24 hours' THEN
      taken.failures := 0;
      taken.rounds := 0;
    END IF;
    taken.failures := taken.failures + 1;
    taken.last_at := p_now;
    lock_for := least(interval '15 minutes' * (2 ^ least(taken.rounds, 7)), interval '24 hours');
    locks_until := CASE WHEN taken.failures = 5 THEN p_now + lock_for END;
  END IF;
  UPDATE credentials.sign_in_attempts a SET failures = taken.failures, rounds = taken.rounds, last_at = taken.last_at
  WHERE a.subject_hash = p_subject_hash;
  RETURN NEXT;
END $$;

-- What a password sign-in compares against: always one row, and always one attempt. Nobody has the address: user_id is null.
CREATE FUNCTION iam.begin_sign_in(p_email text, p_subject_hash bytea, p_now timestamptz)
RETURNS TABLE (
  user_id uuid, password_hash text, user_status iam.user_status, second_factor boolean, locked boolean, locks_until timestamptz
)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.id, u.password_hash, u.status, f.confirmed_at IS NOT NULL, a.locked, a.locks_until
  FROM iam.take_sign_in_attempt(p_subject_hash, p_now) a
  LEFT JOIN iam.users u ON u.email = p_email AND u.status <> 'deleted'
  LEFT JOIN credentials.second_factors f ON f.user_id = u.id
$$;

-- Complete: the attempt was right, and all failures of its subject are forgotten. Otherwise nothing could be compared, and
-- this attempt alone is given back. What says nothing any more is taken away at once: of good sign-ins no rows are left.
CREATE FUNCTION iam.settle_sign_in(p_subject_hash bytea, p_complete boolean) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DELETE FROM credentials.sign_in_attempts WHERE subject_hash = p_subject_hash AND (p_complete OR (failures <= 1 AND rounds = 0));
  UPDATE credentials.sign_in_attempts SET failures = greatest(failures - 1, 0) WHERE subject_hash = p_subject_hash AND NOT p_complete
$$;

-- Whether what was compared is still the password. Waits for a change under way, so that a session which was opened with
-- the old password beside it is either ended by the change or noticed here.
CREATE FUNCTION iam.still_has_password(p_user_id uuid, p_password_hash text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM 1 FROM iam.users u WHERE u.id = p_user_id AND u.status = 'active' AND u.password_hash = p_password_hash FOR SHARE;
  RETURN FOUND;
END $$;

-- Whether a person may be sent another mail of this purpose: a minute apart, and at most 10 a day; of those for a new
-- password 5 an hour, so that whoever has the mailbox has one that works for an hour at least, however often strangers ask
-- for it. What was asked for and not sent does not count, nor does one for a new password that works no more: whoever has used
-- one, which makes the others void, can ask for the next. Internal: not granted.
CREATE FUNCTION iam.may_send(p_user_id uuid, p_purpose text, p_now timestamptz) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT count(*) FILTER (WHERE t.used_at IS NULL OR p_purpose <> 'reset_password') < CASE p_purpose WHEN 'reset_password' THEN 5 ELSE 10 END
     AND coalesce(max(t.created_at) <= p_now - interval '1 minute', true)
  FROM credentials.tokens t
  WHERE t.user_id = p_user_id AND t.purpose = p_purpose AND t.mailed
    AND t.created_at > p_now - CASE p_purpose WHEN 'reset_password' THEN interval '1 hour' ELSE interval '24 hours' END
$$;

-- Keeps a registration until the address is proved, and answers which mail to write: 'verify', 'known' (there is a
-- password, or the identity is suspended) or 'nothing' (too many mails). One token is written either way; one of no use
-- is born used up.
CREATE FUNCTION iam.begin_registration(
  p_email text, p_name text, p_hash bytea, p_password_hash text, p_expires_at timestamptz, p_now timestamptz
) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found_id uuid := iam.ensure_identity(p_email, NULL);
  answer text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_email, 0)); -- of two at once the second counts the first
  SELECT CASE WHEN NOT iam.may_send(u.id, 'verify_email', p_now) THEN 'nothing'
              WHEN u.password_hash IS NOT NULL OR u.status <> 'active' THEN 'known'
              ELSE 'verify' END
    INTO answer FROM iam.users u WHERE u.id = found_id;
  INSERT INTO credentials.tokens (hash, purpose, user_id, password_hash, name, mailed, expires_at, used_at, created_at)
  VALUES (p_hash, 'verify_email', found_id, p_password_hash, p_name, answer <> 'nothing', p_expires_at,
          CASE WHEN answer <> 'verify' THEN p_now END, p_now);
  RETURN answer;
END $$;

-- A new token for the newest registration of the last 7 days that was not completed. True when there is one to be sent.
CREATE FUNCTION iam.renew_verification(p_email text, p_hash bytea, p_expires_at timestamptz, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found_id uuid;
  newest credentials.tokens;
  sendable boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_email, 0));
  SELECT u.id INTO found_id FROM iam.users u WHERE u.email = p_email AND u.status = 'active' AND u.password_hash IS NULL;
  SELECT * INTO newest FROM credentials.tokens t
    WHERE t.user_id = found_id AND t.purpose = 'verify_email' AND t.used_at IS NULL AND t.created_at > p_now - interval '7 days'
    ORDER BY t.created_at DESC LIMIT 1;
  sendable := newest.hash IS NOT NULL AND iam.may_send(found_id, 'verify_email', p_now);
  INSERT INTO credentials.tokens (hash, purpose, user_id, password_hash, name, mailed, expires_at, used_at, created_at)
  VALUES (p_hash, 'verify_email', found_id, newest.password_hash, newest.name, sendable, p_expires_at,
          CASE WHEN NOT sendable THEN p_now END, p_now);
  RETURN sendable;
END $$;

-- A token for a new password. True when an active person has the address and may be sent it.
CREATE FUNCTION iam.begin_reset(p_email text, p_hash bytea, p_expires_at timestamptz, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found_id uuid;
  sendable boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_email, 0));
  SELECT u.id INTO found_id FROM iam.users u WHERE u.email = p_email AND u.status = 'active';
  sendable := found_id IS NOT NULL AND iam.may_send(found_id, 'reset_password', p_now);
  INSERT INTO credentials.tokens (hash, purpose, user_id, mailed, expires_at, used_at, created_at)
  VALUES (p_hash, 'reset_password', found_id, sendable, p_expires_at, CASE WHEN NOT sendable THEN p_now END, p_now);
  RETURN sendable;
END $$;

-- What stands between the two steps of a sign-in.
CREATE FUNCTION iam.begin_challenge(p_user_id uuid, p_hash bytea, p_expires_at timestamptz, p_now timestamptz) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO credentials.tokens (hash, purpose, user_id, expires_at, created_at) VALUES (p_hash, 'second_factor', p_user_id, p_expires_at, p_now)
$$;

-- An open token, one of its attempts taken: 10, or 5 for a second factor. No row: unknown, used, too late, tried too often.
CREATE FUNCTION iam.find_open_token(p_hash bytea, p_purpose text, p_now timestamptz)
RETURNS TABLE (user_id uuid, email text, name text, password_hash text, second_factor boolean)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE credentials.tokens t SET attempts = t.attempts + 1
  FROM iam.users u
  WHERE t.hash = p_hash AND t.purpose = p_purpose AND t.used_at IS NULL AND t.expires_at > p_now
    AND t.attempts < CASE p_purpose WHEN 'second_factor' THEN 5 ELSE 10 END
    AND u.id = t.user_id AND u.status = 'active'
  RETURNING t.user_id, u.email, coalesce(u.name, t.name), t.password_hash,
    EXISTS (SELECT 1 FROM credentials.second_factors f WHERE f.user_id = u.id AND f.confirmed_at IS NOT NULL)
$$;

-- Uses a token up, once: of two at the same time one finds no row. Whose it was, or null.
CREATE FUNCTION iam.use_token(p_hash bytea, p_purpose text, p_now timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE credentials.tokens t SET used_at = p_now
  WHERE t.hash = p_hash AND t.purpose = p_purpose AND t.used_at IS NULL AND t.expires_at > p_now
  RETURNING t.user_id
$$;

-- Uses the token up and gives the identity the password that was chosen with it; the other registrations of the address
-- are void. Null when nothing was done: the token is of no use, or the identity has a password by now.
CREATE FUNCTION iam.complete_registration(p_hash bytea, p_now timestamptz) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  used credentials.tokens;
  proved_id uuid;
BEGIN
  UPDATE credentials.tokens t SET used_at = p_now
    WHERE t.hash = p_hash AND t.purpose = 'verify_email' AND t.used_at IS NULL AND t.expires_at > p_now
    RETURNING * INTO used;
  UPDATE iam.users u SET password_hash = used.password_hash, email_verified_at = p_now, name = coalesce(u.name, used.name)
    WHERE u.id = used.user_id AND u.password_hash IS NULL AND u.status = 'active'
    RETURNING u.id INTO proved_id;
  UPDATE credentials.tokens t SET used_at = p_now
    WHERE t.user_id = proved_id AND t.purpose = 'verify_email' AND t.used_at IS NULL;
  RETURN proved_id;
END $$;

-- Uses the token up; sets the password, proves the address, ends every session and makes every other token of the person
-- void, but for what was opened just now for whoever sent the token: a session, or the challenge of a second factor. Null
-- when nothing was done.
CREATE FUNCTION iam.complete_reset(p_hash bytea, p_password_hash text, p_session_id uuid, p_challenge_hash bytea, p_now timestamptz) RETURNS uuid
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  proved_id uuid := iam.use_token(p_hash, 'reset_password', p_now);
BEGIN
  UPDATE iam.users u SET password_hash = p_password_hash, email_verified_at = coalesce(u.email_verified_at, p_now)
    WHERE u.id = proved_id AND u.status = 'active'
    RETURNING u.id INTO proved_id;
  UPDATE credentials.tokens t SET used_at = p_now
    WHERE t.user_id = proved_id AND t.used_at IS NULL AND t.hash IS DISTINCT FROM p_challenge_hash;
  UPDATE iam.sessions s SET ended_at = p_now
    WHERE s.user_id = proved_id AND s.ended_at IS NULL AND s.id IS DISTINCT FROM p_session_id;
  RETURN proved_id;
END $$;

-- A new password for the person of the statement's scope; every other session ends and every token of the person is void.
-- Answers how many sessions ended, or null when the password is not the one that was compared.
CREATE FUNCTION iam.change_password(p_old_hash text, p_password_hash text, p_session_id uuid, p_now timestamptz) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  person_id uuid := app.current_user_id();
  ended integer;
BEGIN
  UPDATE iam.users u SET password_hash = p_password_hash
    WHERE u.id = person_id AND u.status = 'active' AND u.password_hash = p_old_hash;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  UPDATE credentials.tokens t SET used_at = p_now WHERE t.user_id = person_id AND t.used_at IS NULL;
  UPDATE iam.sessions s SET ended_at = p_now WHERE s.user_id = person_id AND s.ended_at IS NULL AND s.id <> p_session_id;
  GET DIAGNOSTICS ended = ROW_COUNT;
  RETURN ended;
END $$;

-- For somebody who has proved the address by an invitation and has no password yet. False when there is one.
CREATE FUNCTION iam.set_first_password(p_user_id uuid, p_password_hash text, p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE iam.users u SET password_hash = p_password_hash, email_verified_at = coalesce(u.email_verified_at, p_now)
    WHERE u.id = p_user_id AND u.password_hash IS NULL AND u.status = 'active';
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  UPDATE credentials.tokens t SET used_at = p_now WHERE t.user_id = p_user_id AND t.used_at IS NULL;
  RETURN true;
END $$;

-- Takes away what is over: tokens 7 days after their end, attempts 72 hours after the last (a lock of 24 hours and the
-- quiet day after it have passed by then), sessions 30 days after their end, with the addresses they were opened from; and
-- identities that somebody registered, nobody proved and nothing belongs to, 8 days after they were last asked for and when
-- no token of theirs is left. At most 1,000 of each a call; true when there may be more.
CREATE FUNCTION iam.clear_credentials(p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  unproved uuid[];
  gone bigint;
  most bigint;
BEGIN
  DELETE FROM credentials.tokens WHERE hash IN (
    SELECT t.hash FROM credentials.tokens t WHERE t.expires_at < p_now - interval '7 days' LIMIT 1000);
  GET DIAGNOSTICS most = ROW_COUNT;
  DELETE FROM credentials.sign_in_attempts WHERE subject_hash IN (
    SELECT a.subject_hash FROM credentials.sign_in_attempts a WHERE a.last_at < p_now - interval '72 hours' LIMIT 1000);
  GET DIAGNOSTICS gone = ROW_COUNT;
  most := greatest(most, gone);
  DELETE FROM iam.sessions WHERE id IN (
    SELECT s.id FROM iam.sessions s WHERE least(s.ended_at, s.refresh_expires_at) < p_now - interval '30 days' LIMIT 1000);
  GET DIAGNOSTICS gone = ROW_COUNT;
  most := greatest(most, gone);
  SELECT array_agg(u.id) INTO unproved FROM (
    SELECT v.id FROM iam.users v
    WHERE v.password_hash IS NULL AND v.email_verified_at IS NULL AND v.status = 'active' AND v.system_role = 'user'
      AND v.updated_at < p_now - interval '8 days' AND NOT EXISTS (SELECT 1 FROM iam.memberships m WHERE m.user_id = v.id)
      AND NOT EXISTS (SELECT 1 FROM credentials.tokens t WHERE t.user_id = v.id)
    ORDER BY v.updated_at LIMIT 1000 FOR UPDATE SKIP LOCKED) u;
  -- Asked once more, now that nothing can be added to them: a membership would be deleted with its person. A session is, if
  -- there is one: it was opened for a proof that failed in the end, and nobody was told its tokens.
  DELETE FROM iam.users u
  WHERE u.id = ANY (unproved)
    AND NOT EXISTS (SELECT 1 FROM iam.memberships m WHERE m.user_id = u.id)
    AND NOT EXISTS (SELECT 1 FROM credentials.tokens t WHERE t.user_id = u.id);
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN greatest(most, gone) >= 1000;
END $$;

DROP FUNCTION iam.find_sign_in(text); -- begin_sign_in is in its place

-- The person behind a session's access token, as before, and when the person last proved to be there.
DROP FUNCTION iam.find_session(bytea);
CREATE FUNCTION iam.find_session(p_access_hash bytea)
RETURNS TABLE (
  session_id uuid, user_id uuid, access_expires_at timestamptz, ended_at timestamptz, proved_at timestamptz,
  second_factor_at timestamptz, user_status iam.user_status, system_role iam.system_role, memberships jsonb
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.id, s.user_id, s.access_expires_at, s.ended_at, s.proved_at, s.second_factor_at, u.status, u.system_role,
         iam.memberships_of(s.user_id)
  FROM iam.sessions s JOIN iam.users u ON u.id = s.user_id
  WHERE s.access_hash = p_access_hash
$$;

GRANT CREATE ON SCHEMA iam TO tenantry_definer; -- only for the moment of the change of owner
ALTER FUNCTION iam.take_sign_in_attempt(bytea, timestamptz) OWNER TO tenantry_definer;
ALTER FUNCTION iam.begin_sign_in(text, bytea, timestamptz) OWNER TO tenantry_definer;
ALTER FUNCTION iam.settle_sign_in(bytea, boolean) OWNER TO tenantry_definer;
ALTER FUNCTION iam.still_has_password(uuid, text) OWNER TO tenantry_definer;
ALTER FUNCTION iam.may_send(uuid, text, timestamptz) OWNER TO tenantry_definer;
ALTER FUNCTION iam.begin_registration(text, text, bytea, text, timestamptz, timestamptz) OWNER TO tenantry_definer;
ALTER FUNCTION iam.renew_verification(text, bytea, timestamptz, timestamptz) OWNER TO tenantry_definer;
ALTER FUNCTION iam.begin_reset(text, bytea, timestamptz, timestamptz) OWNER TO tenantry_definer;
ALTER FUNCTION iam.begin_challenge(uuid, bytea, timestamptz, timestamptz) OWNER TO tenantry_definer;
ALTER FUNCTION iam.find_open_token(bytea, text, timestamptz) OWNER TO tenantry_definer;
ALTER FUNCTION iam.use_token(bytea, text, timestamptz) OWNER TO tenantry_definer;
ALTER FUNCTION iam.complete_registration(bytea, timestamptz) OWNER TO tenantry_definer;
ALTER FUNCTION iam.complete_reset(bytea, text, uuid, bytea, timestamptz) OWNER TO tenantry_definer;
ALTER FUNCTION iam.change_password(text, text, uuid, timestamptz) OWNER TO tenantry_definer;
ALTER FUNCTION iam.set_first_password(uuid, text, timestamptz) OWNER TO tenantry_definer;
ALTER FUNCTION iam.clear_credentials(timestamptz) OWNER TO tenantry_definer;
ALTER FUNCTION iam.find_session(bytea) OWNER TO tenantry_definer;
REVOKE CREATE ON SCHEMA iam FROM tenantry_definer;

-- The owner of a function is who may grant it.
SET LOCAL ROLE tenantry_definer;
REVOKE ALL ON FUNCTION
  iam.take_sign_in_attempt(bytea, timestamptz), iam.begin_sign_in(text, bytea, timestamptz), iam.settle_sign_in(bytea, boolean),
  iam.still_has_password(uuid, text), iam.may_send(uuid, text, timestamptz),
  iam.begin_registration(text, text, bytea, text, timestamptz, timestamptz),
  iam.renew_verification(text, bytea, timestamptz, timestamptz), iam.begin_reset(text, bytea, timestamptz, timestamptz),
  iam.begin_challenge(uuid, bytea, timestamptz, timestamptz), iam.find_open_token(bytea, text, timestamptz),
  iam.use_token(bytea, text, timestamptz), iam.complete_registration(bytea, timestamptz),
  iam.complete_reset(bytea, text, uuid, bytea, timestamptz), iam.change_password(text, text, uuid, timestamptz),
  iam.set_first_password(uuid, text, timestamptz), iam.clear_credentials(timestamptz), iam.find_session(bytea)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  iam.take_sign_in_attempt(bytea, timestamptz), iam.begin_sign_in(text, bytea, timestamptz), iam.settle_sign_in(bytea, boolean),
  iam.still_has_password(uuid, text),
  iam.begin_registration(text, text, bytea, text, timestamptz, timestamptz),
  iam.renew_verification(text, bytea, timestamptz, timestamptz), iam.begin_reset(text, bytea, timestamptz, timestamptz),
  iam.begin_challenge(uuid, bytea, timestamptz, timestamptz), iam.find_open_token(bytea, text, timestamptz),
  iam.use_token(bytea, text, timestamptz), iam.complete_registration(bytea, timestamptz),
  iam.complete_reset(bytea, text, uuid, bytea, timestamptz), iam.change_password(text, text, uuid, timestamptz),
  iam.set_first_password(uuid, text, timestamptz), iam.clear_credentials(timestamptz), iam.find_session(bytea)
TO tenantry_runtime;
RESET ROLE;
