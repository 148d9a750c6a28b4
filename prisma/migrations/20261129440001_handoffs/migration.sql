-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "handoff_id" TEXT;

-- CreateTable
CREATE TABLE "handoffs" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'requested',
    "source" TEXT NOT NULL,
    "reason" TEXT,
    "desk" TEXT,
    "note" TEXT,
    "message_id" TEXT,
    "holder_id" TEXT,
    "holder_name" TEXT,
    "holder_via" TEXT,
    "release_reason" TEXT,
    "idle_ms" BIGINT,
    "from_seq" INTEGER NOT NULL,
    "until_seq" INTEGER,
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "taken_at" TIMESTAMPTZ(3),
    "released_at" TIMESTAMPTZ(3),
    "idle_at" TIMESTAMPTZ(3),

    CONSTRAINT "handoffs_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "handoffs_workspace_id_requested_at_id_idx" ON "handoffs"("workspace_id", "requested_at", "id");

-- CreateIndex
CREATE INDEX "handoffs_session_id_from_seq_idx" ON "handoffs"("session_id", "from_seq");

-- AddForeignKey
ALTER TABLE "handoffs" ADD CONSTRAINT "handoffs_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- People answer in a session once at a time.
CREATE UNIQUE INDEX "handoffs_open" ON "handoffs"("session_id") WHERE "state" <> 'released';

CREATE INDEX "handoffs_idle" ON "handoffs"("idle_at") WHERE "idle_at" IS NOT NULL;

CREATE INDEX "sessions_in_handoff" ON "sessions"("workspace_id", "updated_at", "id") WHERE "handoff_id" IS NOT NULL;

ALTER TABLE "handoffs"
    ADD CONSTRAINT "handoffs_state_check" CHECK ("state" IN ('requested', 'taken', 'released')),
    ADD CONSTRAINT "handoffs_source_check" CHECK ("source" IN ('api', 'bot', 'event', 'user', 'failure')),
    ADD CONSTRAINT "handoffs_holder_check" CHECK (
        num_nulls("holder_id", "holder_name", "holder_via", "taken_at") IN (0, 4)
        AND ("state" = 'released' OR ("state" = 'taken') = ("holder_name" IS NOT NULL))),
    ADD CONSTRAINT "handoffs_release_check" CHECK (
        num_nulls("release_reason", "released_at", "until_seq") = CASE WHEN "state" = 'released' THEN 0 ELSE 3 END
        AND "release_reason" IN ('released', 'idle', 'session_ended')
        AND ("state" <> 'released' OR "idle_at" IS NULL));

-- Who answers stands beside the lease token, and changes only together with it: whatever was written under an older
-- token cannot be committed any more. The end of a session, by whichever statement, is the end of its handoff.
CREATE FUNCTION "session_handoff_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW."status" = 'completed' AND NEW."handoff_id" IS NOT NULL THEN
        UPDATE "handoffs" SET "state" = 'released', "release_reason" = 'session_ended', "released_at" = now(),
            "until_seq" = NEW."next_seq", "idle_at" = NULL
        WHERE "id" = NEW."handoff_id" AND "state" <> 'released';
        NEW."handoff_id" := NULL;
    END IF;
    IF NEW."handoff_id" IS DISTINCT FROM OLD."handoff_id" AND NEW."lease_token" <= OLD."lease_token" THEN
        RAISE EXCEPTION 'who answers in a session changes only together with its lease token';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER "session_handoff_changed" BEFORE UPDATE ON "sessions" FOR EACH ROW
    WHEN (OLD."handoff_id" IS NOT NULL OR NEW."handoff_id" IS NOT NULL)
    EXECUTE FUNCTION "session_handoff_changed"();

-- Event rules fire in the transaction of what caused them, as those of sessions do.
CREATE FUNCTION "handoff_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    s "sessions";
BEGIN
    SELECT * INTO s FROM "sessions" WHERE "id" = NEW."session_id" AND "watched";
    IF FOUND THEN
        PERFORM fire_event_rules(s, ARRAY['handoff_' || NEW."state"], concat_ws(':', NEW."id", NEW."taken_at"),
            jsonb_strip_nulls(jsonb_build_object('handoff_id', NEW."id", 'desk', NEW."desk",
                'reason', CASE WHEN NEW."state" = 'released' THEN NEW."release_reason" ELSE NEW."reason" END,
                'holder', CASE WHEN NEW."holder_name" IS NOT NULL
                    THEN jsonb_build_object('name', NEW."holder_name", 'via', NEW."holder_via") END)));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER "handoff_requested" AFTER INSERT ON "handoffs" FOR EACH ROW EXECUTE FUNCTION "handoff_changed"();

CREATE TRIGGER "handoff_changed" AFTER UPDATE ON "handoffs" FOR EACH ROW
    WHEN (NEW."state" <> OLD."state" OR NEW."holder_name" IS DISTINCT FROM OLD."holder_name")
    EXECUTE FUNCTION "handoff_changed"();
