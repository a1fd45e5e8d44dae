-- What can be done with a second factor. Each function acts for the person of the statement's scope alone, so that none of
-- them is a way to somebody else's factor; and each use of something that works once is decided by one UPDATE, so that of
-- two at the same time one finds no row.

-- Begins an enrolment, or begins it anew. False when a factor is confirmed: it is turned off first.
CREATE FUNCTION iam.begin_second_factor(p_key_id text, p_encrypted bytea, p_now timestamptz) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH begun AS (
    INSERT INTO credentials.second_factors AS f (user_id, key_id, encrypted_secret, created_at)
    VALUES (app.current_user_id(), p_key_id, p_encrypted, p_now)
    ON CONFLICT (user_id) DO UPDATE
      SET key_id = excluded.key_id, encrypted_secret = excluded.encrypted_secret, created_at = excluded.created_at
      WHERE f.confirmed_at IS NULL
    RETURNING 1)
  SELECT EXISTS (SELECT 1 FROM begun)
$$;

-- The factor as it is stored. No row: no enrolment was begun.
CREATE FUNCTION iam.find_second_factor()
RETURNS TABLE (key_id text, encrypted_secret bytea, confirmed_at timestamptz, recovery_codes_left integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT f.key_id, f.encrypted_secret, f.confirmed_at,
         (SELECT count(*)::integer FROM credentials.recovery_codes c WHERE c.user_id = f.user_id AND c.used_at IS NULL)
  FROM credentials.second_factors f
  WHERE f.user_id = app.current_user_id()
$$;

-- Confirms the enrolment whose secret the code was compared with: one that was begun anew meanwhile is another. False when
-- there is none to confirm.
CREATE FUNCTION iam.confirm_second_factor(p_encrypted bytea, p_step bigint, p_code_hashes bytea[], p_now timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE credentials.second_factors f SET confirmed_at = p_now, last_step = p_step
    WHERE f.user_id = app.current_user_id() AND f.confirmed_at IS NULL AND f.encrypted_secret = p_encrypted;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  INSERT INTO credentials.recovery_codes (user_id, hash) SELECT app.current_user_id(), unnest(p_code_hashes);
  RETURN true;
END $$;

-- Uses up the step that a code belongs to, and with it every earlier one. False when it, or a later one, was used before.
CREATE FUNCTION iam.use_totp_step(p_step bigint) RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH used AS (
    UPDATE credentials.second_factors f SET last_step = p_step
    WHERE f.user_id = app.current_user_id() AND f.confirmed_at IS NOT NULL AND f.last_step < p_step
    RETURNING 1)
  SELECT EXISTS (SELECT 1 FROM used)
$$;

-- Uses a recovery code up. How many are left after it; null when it is not one of them, or was used before.
CREATE FUNCTION iam.use_recovery_code(p_hash bytea, p_now timestamptz) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE credentials.recovery_codes c SET used_at = p_now
    WHERE c.user_id = app.current_user_id() AND c.hash = p_hash AND c.used_at IS NULL;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  RETURN (SELECT count(*) FROM credentials.recovery_codes c WHERE c.user_id = app.current_user_id() AND c.used_at IS NULL);
END $$;

-- New recovery codes in the place of all others. False without a confirmed factor. Of two at the same time the later one's
-- codes are good: the lock on the factor makes one wait for the other.
CREATE FUNCTION iam.replace_recovery_codes(p_code_hashes bytea[]) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM 1 FROM credentials.second_factors f
    WHERE f.user_id = app.current_user_id() AND f.confirmed_at IS NOT NULL FOR UPDATE;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  DELETE FROM credentials.recovery_codes c WHERE c.user_id = app.current_user_id();
  INSERT INTO credentials.recovery_codes (user_id, hash) SELECT app.current_user_id(), unnest(p_code_hashes);
  RETURN true;
END $$;

-- Turns the factor off, with its recovery codes. False without a confirmed factor.
CREATE FUNCTION iam.remove_second_factor() RETURNS boolean
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH removed AS (
    DELETE FROM credentials.second_factors f WHERE f.user_id = app.current_user_id() AND f.confirmed_at IS NOT NULL RETURNING 1)
  SELECT EXISTS (SELECT 1 FROM removed)
$$;

-- Stores the same secret sealed with another key, unless it was changed meanwhile.
CREATE FUNCTION iam.reseal_second_factor(p_old bytea, p_key_id text, p_encrypted bytea) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  UPDATE credentials.second_factors f SET key_id = p_key_id, encrypted_secret = p_encrypted
  WHERE f.user_id = app.current_user_id() AND f.encrypted_secret = p_old
$$;

-- The keys that secrets are sealed with, but those that the server has: whoever has a factor under one of them cannot show it.
CREATE FUNCTION iam.find_other_seals(p_key_ids text[]) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT DISTINCT f.key_id FROM credentials.second_factors f WHERE f.key_id <> ALL (p_key_ids) ORDER BY f.key_id
$$;

-- When the operator takes a factor away, no open session counts as having shown it any more.
CREATE POLICY forget_factor ON iam.sessions FOR UPDATE TO tenantry_definer USING (ended_at IS NULL) WITH CHECK (second_factor_at IS NULL);
GRANT UPDATE (second_factor_at) ON iam.sessions TO tenantry_definer;

GRANT CREATE ON SCHEMA iam TO tenantry_definer; -- only for the moment of the change of owner
ALTER FUNCTION iam.begin_second_factor(text, bytea, timestamptz) OWNER TO tenantry_definer;
ALTER FUNCTION iam.find_second_factor() OWNER TO tenantry_definer;
ALTER FUNCTION iam.confirm_second_factor(bytea, bigint, bytea[], timestamptz) OWNER TO tenantry_definer;
ALTER FUNCTION iam.use_totp_step(bigint) OWNER TO tenantry_definer;
ALTER FUNCTION iam.use_recovery_code(bytea, timestamptz) OWNER TO tenantry_definer;
ALTER FUNCTION iam.replace_recovery_codes(bytea[]) OWNER TO tenantry_definer;
ALTER FUNCTION iam.remove_second_factor() OWNER TO tenantry_definer;
ALTER FUNCTION iam.reseal_second_factor(bytea, text, bytea) OWNER TO tenantry_definer;
ALTER FUNCTION iam.find_other_seals(text[]) OWNER TO tenantry_definer;
REVOKE CREATE ON SCHEMA iam FROM tenantry_definer;

-- The owner of a function is who may grant it.
SET LOCAL ROLE tenantry_definer;
REVOKE ALL ON FUNCTION
  iam.begin_second_factor(text, bytea, timestamptz), iam.find_second_factor(),
  iam.confirm_second_factor(bytea, bigint, bytea[], timestamptz), iam.use_totp_step(bigint),
  iam.use_recovery_code(bytea, timestamptz), iam.replace_recovery_codes(bytea[]), iam.remove_second_factor(),
  iam.reseal_second_factor(bytea, text, bytea), iam.find_other_seals(text[])
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  iam.begin_second_factor(text, bytea, timestamptz), iam.find_second_factor(),
  iam.confirm_second_factor(bytea, bigint, bytea[], timestamptz), iam.use_totp_step(bigint),
  iam.use_recovery_code(bytea, timestamptz), iam.replace_recovery_codes(bytea[]), iam.remove_second_factor(),
  iam.reseal_second_factor(bytea, text, bytea), iam.find_other_seals(text[])
TO tenantry_runtime;
RESET ROLE;
