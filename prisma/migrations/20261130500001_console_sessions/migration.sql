-- A sign-in to the console. It ends with the key that it came from.
CREATE TABLE "console_sessions" (
    "id" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "console_sessions_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "console_sessions_token_hash_check" CHECK ("token_hash" ~ '^[0-9a-f]{64}$')
);
CREATE UNIQUE INDEX "console_sessions_token_hash_key" ON "console_sessions"("token_hash");
CREATE INDEX "console_sessions_key_id_idx" ON "console_sessions"("key_id");
ALTER TABLE "console_sessions" ADD CONSTRAINT "console_sessions_key_id_fkey"
    FOREIGN KEY ("key_id") REFERENCES "api_keys"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A code that signs in once, in place of its key.
CREATE TABLE "console_codes" (
    "hash" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "console_codes_pkey" PRIMARY KEY ("hash"),
    CONSTRAINT "console_codes_hash_check" CHECK ("hash" ~ '^[0-9a-f]{64}$')
);
CREATE INDEX "console_codes_key_id_idx" ON "console_codes"("key_id");
ALTER TABLE "console_codes" ADD CONSTRAINT "console_codes_key_id_fkey"
    FOREIGN KEY ("key_id") REFERENCES "api_keys"("id") ON DELETE CASCADE ON UPDATE CASCADE;
