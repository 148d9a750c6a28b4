-- Gives the roles of database-roles.sql their passwords from the environment. For psql 14 or later.
\getenv owner_password DB_OWNER_PASSWORD
\getenv app_password DB_APP_PASSWORD
ALTER ROLE causeway_owner PASSWORD :'owner_password';
ALTER ROLE causeway_app PASSWORD :'app_password';
