-- Whether a thread of a platform is one of ours: asked for every message of every thread, also of threads that are not.
CREATE INDEX "sessions_external" ON "sessions"("channel_id", "external_id", "created_at") WHERE "external_id" IS NOT NULL;
