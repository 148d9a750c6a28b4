-- One key names an open session: its user where a user has one session at a time, elsewhere its external id.
CREATE UNIQUE INDEX "sessions_key" ON "sessions"("channel_id", "agent_id", (CASE WHEN "single" THEN "user_id" ELSE "external_id" END)) WHERE "status" = 'active';
DROP INDEX "sessions_one_active_per_user";
DROP INDEX "sessions_active_external";
