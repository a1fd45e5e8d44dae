DROP FUNCTION iam.reseal_second_factor(bytea, text, bytea);
DROP FUNCTION iam.remove_second_factor();
DROP FUNCTION iam.replace_recovery_codes(bytea[]);
DROP FUNCTION iam.use_recovery_code(bytea, timestamptz);
DROP FUNCTION iam.use_totp_step(bigint);
DROP FUNCTION iam.confirm_second_factor(bytea, bigint, bytea[], timestamptz);
DROP FUNCTION iam.find_second_factor();
DROP FUNCTION iam.begin_second_factor(text, bytea, timestamptz);
