-- The logins of the record's database, made once with the cluster: its owner, for migrations alone, and the application's,
-- which may act as teekond_app and so append and read, never change or delete.

\getenv owner_password OWNER_PASSWORD
\getenv service_password SERVICE_PASSWORD

CREATE ROLE teekond_owner LOGIN CREATEROLE PASSWORD :'owner_password';
CREATE ROLE teekond_service LOGIN PASSWORD :'service_password';

-- Made here and not by the first migration, so that the application's login can be granted it at once.
CREATE ROLE teekond_app NOLOGIN;
GRANT teekond_app TO teekond_owner WITH ADMIN TRUE, INHERIT TRUE, SET TRUE;
GRANT teekond_app TO teekond_service;

CREATE DATABASE teekond OWNER teekond_owner;
REVOKE ALL ON DATABASE teekond FROM PUBLIC;
GRANT CONNECT ON DATABASE teekond TO teekond_service;
