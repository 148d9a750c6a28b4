-- Certificates of erased people. They outlive the person, the key and the console session, so these are no foreign keys.
-- The hash is of the user's id, which is random: nobody can find a person by it who does not know the id.
CREATE TABLE "erasures" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "user_hash" TEXT NOT NULL,
    "actor_id" TEXT NOT NULL,
    "actor_name" TEXT,
    "console_session_id" TEXT,
    "rows" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "erasures_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "erasures_user_hash_check" CHECK ("user_hash" ~ '^[0-9a-f]{64}$')
);
ALTER TABLE "erasures" ADD CONSTRAINT "erasures_workspace_id_fkey"
    FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE INDEX "erasures_workspace_id_created_at_id_idx" ON "erasures"("workspace_id", "created_at", "id");
CREATE INDEX "erasures_workspace_id_user_hash_idx" ON "erasures"("workspace_id", "user_hash");
