-- The list of rules and schedules that were given up. Few rows fail, so these cost almost nothing.
CREATE INDEX "event_log_failed" ON "event_log"("workspace_id", "ended_at" DESC) WHERE "status" = 'failed';
CREATE INDEX "schedule_runs_failed" ON "schedule_runs"("due_at" DESC) WHERE "status" = 'failed';
