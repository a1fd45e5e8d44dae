-- Run once by the image of PostgreSQL when its data directory is new, as its superuser; or by hand on a server of your
-- own: OWNER_PASSWORD=... APP_PASSWORD=... psql --username=postgres --set=ON_ERROR_STOP=1 --file=<this file>
-- A password that is not set leaves its name in the statement, which then fails.

\getenv owner_password OWNER_PASSWORD
\getenv app_password APP_PASSWORD

-- Owns the database and applies migrations. CREATEROLE: the migrations' own roles (tenantry_runtime, tenantry_definer,
-- tenantry_platform) are made by it. The server never signs in as this role.
CREATE ROLE tenantry_owner LOGIN CREATEROLE NOSUPERUSER NOBYPASSRLS PASSWORD :'owner_password';

-- The server's own: owns nothing, bypasses nothing. The server refuses to start as anything stronger.
CREATE ROLE tenantry_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'app_password';

CREATE DATABASE tenantry OWNER tenantry_owner;
REVOKE ALL ON DATABASE tenantry FROM PUBLIC;
GRANT CONNECT ON DATABASE tenantry TO tenantry_app;
