-- What went wrong, or is not over, among a million that went well.
CREATE INDEX "executions_not_completed" ON "executions"("workspace_id", "status", "created_at", "id") WHERE "status" <> 'completed';
CREATE INDEX "deliveries_in_trouble" ON "deliveries"("workspace_id", "status", "created_at", "id") WHERE "status" IN ('failed', 'unknown');
