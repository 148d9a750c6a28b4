-- What is kept of an anonymous visitor belongs to one of their sessions and goes with it: the session owns the row, not
-- the user. An owner is a user's id or a session's; ids are never both.
ALTER TABLE "participant_data" ADD COLUMN "owner_id" TEXT, ADD COLUMN "session_id" TEXT;

-- So far it was shared by all chats of a visitor: the open one used last keeps it. Without one it should be gone already.
UPDATE "participant_data" p SET "session_id" = (
    SELECT s."id" FROM "sessions" s
    WHERE s."user_id" = p."user_id" AND s."agent_id" = p."agent_id" AND s."status" = 'active'
    ORDER BY s."last_activity_at" DESC, s."id" DESC LIMIT 1)
FROM "users" u WHERE u."id" = p."user_id" AND u."anonymous";
DELETE FROM "participant_data" p USING "users" u
WHERE u."id" = p."user_id" AND u."anonymous" AND p."session_id" IS NULL;
UPDATE "participant_data" SET "owner_id" = coalesce("session_id", "user_id");

ALTER TABLE "participant_data" DROP CONSTRAINT "participant_data_pkey",
    ALTER COLUMN "owner_id" SET NOT NULL,
    ADD CONSTRAINT "participant_data_pkey" PRIMARY KEY ("owner_id", "agent_id"),
    ADD CONSTRAINT "participant_data_owner_check" CHECK ("owner_id" = coalesce("session_id", "user_id"));
CREATE INDEX "participant_data_user_id_idx" ON "participant_data"("user_id");
CREATE INDEX "participant_data_session_id_idx" ON "participant_data"("session_id");
ALTER TABLE "participant_data" ADD CONSTRAINT "participant_data_session_id_fkey"
    FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A message to come for an anonymous visitor belongs to the session in which it was put down.
ALTER TABLE "schedules" ADD COLUMN "session_id" TEXT;
CREATE INDEX "schedules_session_id_idx" ON "schedules"("session_id");
ALTER TABLE "schedules" ADD CONSTRAINT "schedules_session_id_fkey"
    FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE OR REPLACE FUNCTION "event_condition_holds"(s "sessions", condition jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT condition IS NULL OR (
        (condition->'channel' IS NULL
            OR condition->'channel' @> (SELECT to_jsonb(c."name") FROM "channels" c WHERE c."id" = s."channel_id"))
        AND (condition->'metadata' IS NULL OR s."metadata" @> (condition->'metadata'))
        AND (condition->'participantData' IS NULL OR coalesce(
            (SELECT p."data" FROM "participant_data" p
             WHERE p."owner_id" IN (s."user_id", s."id") AND p."agent_id" = s."agent_id"),
            '{}') @> (condition->'participantData')))
$$;
