-- AlterTable
ALTER TABLE "schedules" ADD COLUMN "buttons" JSONB;

ALTER TABLE "event_log" DROP CONSTRAINT "event_log_status_check";

ALTER TABLE "event_log" ADD CONSTRAINT "event_log_status_check" CHECK ("status" IN ('pending', 'running', 'completed', 'skipped', 'failed', 'unreachable'));

ALTER TABLE "schedule_runs" DROP CONSTRAINT "schedule_runs_status_check";

ALTER TABLE "schedule_runs" ADD CONSTRAINT "schedule_runs_status_check" CHECK ("status" IN ('pending', 'sent', 'skipped', 'failed', 'unreachable'));
