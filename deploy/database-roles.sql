-- Two roles for one database, so that the service cannot change its own tables:
--   causeway_owner  makes and changes them: DATABASE_URL of `causeway migrate`
--   causeway_app    reads and writes rows:  DATABASE_URL of the service
-- Run it once, connected to the empty database, as a role that may create roles and grant on the database; then give
-- both a password (`\password causeway_owner`).

CREATE ROLE causeway_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
CREATE ROLE causeway_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 200;

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    -- CREATE is for the schema of the queue, where that runs on Postgres.
    EXECUTE format('GRANT CONNECT, CREATE ON DATABASE %I TO causeway_owner', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO causeway_app', current_database());
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO causeway_owner;
GRANT USAGE ON SCHEMA public TO causeway_app;

-- Whatever the owner makes later, in every schema.
ALTER DEFAULT PRIVILEGES FOR ROLE causeway_owner GRANT USAGE ON SCHEMAS TO causeway_app;
ALTER DEFAULT PRIVILEGES FOR ROLE causeway_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO causeway_app;
ALTER DEFAULT PRIVILEGES FOR ROLE causeway_owner GRANT USAGE ON SEQUENCES TO causeway_app;
ALTER DEFAULT PRIVILEGES FOR ROLE causeway_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE causeway_owner GRANT EXECUTE ON FUNCTIONS TO causeway_app;
