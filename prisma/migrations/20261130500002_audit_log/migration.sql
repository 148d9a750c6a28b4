-- Changes that people and programs made over the API. The rows outlive the key, the console session and the things that
-- they name, so these are no foreign keys.
CREATE TABLE "audit_log" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "actor_id" TEXT NOT NULL,
    "actor_name" TEXT,
    "console_session_id" TEXT,
    "address" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "targets" TEXT[] NOT NULL,
    "fields" TEXT[] NOT NULL,
    "before" JSONB,
    "after" JSONB,
    "request_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "audit_log_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "audit_log_method_check" CHECK ("method" IN ('POST', 'PATCH', 'PUT', 'DELETE'))
);
ALTER TABLE "audit_log" ADD CONSTRAINT "audit_log_workspace_id_fkey"
    FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE INDEX "audit_log_workspace_id_created_at_id_idx" ON "audit_log"("workspace_id", "created_at", "id");
CREATE INDEX "audit_log_workspace_id_actor_id_created_at_id_idx"
    ON "audit_log"("workspace_id", "actor_id", "created_at", "id");
CREATE INDEX "audit_log_workspace_id_operation_created_at_id_idx"
    ON "audit_log"("workspace_id", "operation", "created_at", "id");
-- Old rows are deleted by their age.
CREATE INDEX "audit_log_created_at_idx" ON "audit_log"("created_at");
