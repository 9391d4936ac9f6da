-- The program signs in with a login of its own that has the application's rights and no other. It looks whether the
-- schema is there before it starts, so it may read which migrations ran.
grant select on _sqlx_migrations to debrief_app;
