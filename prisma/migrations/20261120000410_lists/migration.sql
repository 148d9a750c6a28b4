-- CreateIndex
CREATE INDEX "sessions_workspace_id_status_updated_at_id_idx" ON "sessions"("workspace_id", "status", "updated_at", "id");

-- CreateIndex
CREATE INDEX "sessions_agent_id_updated_at_id_idx" ON "sessions"("agent_id", "updated_at", "id");

-- CreateIndex
CREATE INDEX "sessions_channel_id_updated_at_id_idx" ON "sessions"("channel_id", "updated_at", "id");
