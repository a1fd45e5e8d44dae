DROP TABLE iam.idempotency_keys;
DROP TABLE iam.sessions;
DROP TABLE iam.api_keys;
DROP TYPE iam.api_key_status;
DROP TYPE iam.api_key_type;
