-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "waits" BOOLEAN NOT NULL DEFAULT false;

-- A message writes its session's row twice. Postgres updates a row in place only if no indexed column changes, and else
-- writes every index again. So messages and turns change no indexed column: "updated_at" and "waits" follow within about a
-- second (src/sessions/follow-activity-repository.ts). A BRIN index does not stand in the way of such an update.
UPDATE "sessions" SET "waits" = true WHERE "inbound_seq" > "answered_seq";

DROP INDEX "sessions_waiting";
CREATE INDEX "sessions_waiting" ON "sessions"("id") WHERE "waits";

CREATE INDEX "sessions_activity" ON "sessions" USING BRIN ("last_activity_at") WITH (pages_per_range = 2, autosummarize = on);

-- A page needs room for the next version of each of its rows.
ALTER TABLE "sessions" SET (fillfactor = 60);
