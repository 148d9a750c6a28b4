-- Who carries something out: a process recognises what it claimed although the answer to the claim was lost.
ALTER TABLE "event_log" ADD COLUMN "claimed_by" TEXT;
ALTER TABLE "schedule_runs" ADD COLUMN "claimed_by" TEXT;
ALTER TABLE "attachments" ADD COLUMN "claimed_by" TEXT;
