-- People who sign in with OpenID Connect have a key that nobody can use: only their console sessions lead to it.
ALTER TABLE "api_keys" ADD COLUMN "person" TEXT;
CREATE UNIQUE INDEX "api_keys_person_key" ON "api_keys"("person");
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_person_check" CHECK ("person" IS NULL OR NOT "operator");

-- Such a session ends when the provider's session ends, and at the latest at its first end.
ALTER TABLE "console_sessions" ADD COLUMN "provider_session" TEXT;
ALTER TABLE "console_sessions" ADD COLUMN "fixed_end" BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX "console_sessions_provider_session_idx" ON "console_sessions"("provider_session")
    WHERE "provider_session" IS NOT NULL;
