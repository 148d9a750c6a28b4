-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "end_events" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN     "watched" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "event_log" (
    "id" TEXT NOT NULL,
    "ordinal" BIGSERIAL NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "agent_id" TEXT NOT NULL,
    "agent_version" INTEGER NOT NULL,
    "rule" INTEGER NOT NULL,
    "event" TEXT NOT NULL,
    "firing_key" TEXT NOT NULL,
    "data" JSONB NOT NULL DEFAULT '{}',
    "status" TEXT NOT NULL DEFAULT 'pending',
    "reason" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "actions_done" INTEGER NOT NULL DEFAULT 0,
    "results" JSONB NOT NULL DEFAULT '[]',
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "event_log_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "event_timers" (
    "session_id" TEXT NOT NULL,
    "rule" INTEGER NOT NULL,
    "agent_version" INTEGER NOT NULL,
    "every_ms" BIGINT NOT NULL,
    "times" INTEGER NOT NULL,
    "fired" INTEGER NOT NULL DEFAULT 0,
    "armed_seq" INTEGER NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "event_timers_pkey" PRIMARY KEY ("session_id","rule")
);

-- CreateTable
CREATE TABLE "schedules" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "agent_id" TEXT NOT NULL,
    "channel_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "name" TEXT,
    "prompt" TEXT,
    "text" TEXT,
    "kind" TEXT NOT NULL,
    "every_ms" BIGINT,
    "cron" TEXT,
    "timezone" TEXT NOT NULL DEFAULT 'UTC',
    "starts_at" TIMESTAMPTZ(3) NOT NULL,
    "ends_at" TIMESTAMPTZ(3),
    "max_runs" INTEGER,
    "grace_ms" BIGINT,
    "status" TEXT NOT NULL DEFAULT 'active',
    "runs" INTEGER NOT NULL DEFAULT 0,
    "next_run_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "schedules_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "schedule_runs" (
    "id" TEXT NOT NULL,
    "schedule_id" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "reason" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "session_id" TEXT,
    "message_id" TEXT,
    "execution_id" TEXT,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "schedule_runs_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "event_log_firing_key_key" ON "event_log"("firing_key");

-- CreateIndex
CREATE INDEX "event_log_session_id_ordinal_idx" ON "event_log"("session_id", "ordinal");

-- CreateIndex
CREATE INDEX "event_timers_due_at_idx" ON "event_timers"("due_at");

-- CreateIndex
CREATE INDEX "schedules_next_run_at_idx" ON "schedules"("next_run_at");

-- CreateIndex
CREATE INDEX "schedules_workspace_id_created_at_id_idx" ON "schedules"("workspace_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "schedules_user_id_idx" ON "schedules"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "schedule_runs_schedule_id_due_at_key" ON "schedule_runs"("schedule_id", "due_at");

-- AddForeignKey
ALTER TABLE "event_log" ADD CONSTRAINT "event_log_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event_timers" ADD CONSTRAINT "event_timers_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "schedules" ADD CONSTRAINT "schedules_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "schedule_runs" ADD CONSTRAINT "schedule_runs_schedule_id_fkey" FOREIGN KEY ("schedule_id") REFERENCES "schedules"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What waits to be carried out; everything else in the log is history.
CREATE INDEX "event_log_waiting" ON "event_log"("next_attempt_at") WHERE "status" IN ('pending', 'running');

CREATE INDEX "event_log_waiting_in_session" ON "event_log"("session_id", "ordinal") WHERE "status" IN ('pending', 'running');

CREATE INDEX "schedule_runs_waiting" ON "schedule_runs"("next_attempt_at") WHERE "status" = 'pending';

ALTER TABLE "event_log" ADD CONSTRAINT "event_log_status_check" CHECK ("status" IN ('pending', 'running', 'completed', 'skipped', 'failed'));

ALTER TABLE "schedules"
    ADD CONSTRAINT "schedules_status_check" CHECK ("status" IN ('active', 'paused', 'completed', 'cancelled')),
    ADD CONSTRAINT "schedules_kind_check" CHECK ("kind" IN ('at', 'interval', 'cron')),
    ADD CONSTRAINT "schedules_saying_check" CHECK (("prompt" IS NULL) <> ("text" IS NULL));

ALTER TABLE "schedule_runs" ADD CONSTRAINT "schedule_runs_status_check" CHECK ("status" IN ('pending', 'sent', 'skipped', 'failed'));

-- Event rules fire here, in the database: a session is opened, written to and ended by many statements of many parts,
-- and a firing has to be in the transaction of what caused it, whoever that was. Sessions whose agent has no rules are
-- not "watched", and nothing below runs for their messages.

-- A KSUID, as the service makes them: seconds since 2014-05-13, then 16 random bytes, in base 62.
CREATE FUNCTION "new_ksuid"() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    digits CONSTANT text := '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    bytes bytea := uuid_send(gen_random_uuid());
    rest numeric := floor(extract(epoch FROM clock_timestamp())) - 1400000000;
    id text := '';
BEGIN
    FOR i IN 0..15 LOOP
        rest := rest * 256 + get_byte(bytes, i);
    END LOOP;
    FOR i IN 1..27 LOOP
        id := substr(digits, (rest % 62)::int + 1, 1) || id;
        rest := div(rest, 62);
    END LOOP;
    RETURN id;
END $$;

-- The event rules a session follows: its version's, or the current one's where that says "versioning": "latest".
CREATE FUNCTION "event_rules_of"(agent text, pinned int)
RETURNS TABLE ("version" int, "place" int, "rule" jsonb) LANGUAGE sql STABLE AS $$
    SELECT v."number", (r.n - 1)::int, r.rule
    FROM "agents" a
    LEFT JOIN "agent_versions" c ON c."agent_id" = a."id" AND c."number" = a."current_version"
    JOIN "agent_versions" v ON v."agent_id" = a."id"
        AND v."number" = CASE WHEN c."definition"->>'versioning' = 'latest' THEN c."number" ELSE pinned END
    CROSS JOIN LATERAL jsonb_array_elements(
        CASE jsonb_typeof(v."definition"->'events') WHEN 'array' THEN v."definition"->'events' ELSE '[]' END
    ) WITH ORDINALITY AS r(rule, n)
    WHERE a."id" = agent
$$;

-- `30s`, `15m`, `2h`, `1d`; null for anything else.
CREATE FUNCTION "duration_ms"(written text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN written ~ '^[1-9]\d{0,5}[smhd]$' THEN
        left(written, -1)::bigint * CASE right(written, 1)
            WHEN 's' THEN 1000 WHEN 'm' THEN 60000 WHEN 'h' THEN 3600000 ELSE 86400000 END
    END
$$;

-- A rule's "when": each part that is given must be contained in what the session has.
CREATE FUNCTION "event_condition_holds"(s "sessions", condition jsonb) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT condition IS NULL OR (
        (condition->'channel' IS NULL
            OR condition->'channel' @> (SELECT to_jsonb(c."name") FROM "channels" c WHERE c."id" = s."channel_id"))
        AND (condition->'metadata' IS NULL OR s."metadata" @> (condition->'metadata'))
        AND (condition->'participantData' IS NULL OR coalesce(
            (SELECT p."data" FROM "participant_data" p WHERE p."user_id" = s."user_id" AND p."agent_id" = s."agent_id"),
            '{}') @> (condition->'participantData')))
$$;

-- Writes the firing of every rule for one of these moments. `subject` says what happened, so that it happens once.
CREATE FUNCTION "fire_event_rules"(s "sessions", moments text[], subject text, about jsonb, only_rule int DEFAULT NULL)
RETURNS void LANGUAGE sql VOLATILE AS $$
    INSERT INTO "event_log" ("id", "workspace_id", "session_id", "agent_id", "agent_version", "rule", "event", "firing_key", "data")
    SELECT new_ksuid(), s."workspace_id", s."id", s."agent_id", r."version", r."place", r."rule"->>'on',
        concat_ws(':', r."rule"->>'on', subject, r."place"), about
    FROM event_rules_of(s."agent_id", s."agent_version") r
    WHERE r."rule"->>'on' = ANY(moments) AND (only_rule IS NULL OR r."place" = only_rule)
        AND event_condition_holds(s, r."rule"->'when')
    ORDER BY r."place"
    ON CONFLICT ("firing_key") DO NOTHING
$$;

-- Whether a message is an event rule's own doing: what rules say does not fire rules.
CREATE FUNCTION "said_by_event"(message text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM "messages" m
        LEFT JOIN "executions" e ON e."id" = m."execution_id"
        LEFT JOIN "messages" q ON q."id" = e."user_message_id"
        WHERE m."id" = message AND (m."metadata" ? 'event_id' OR q."metadata" ? 'event_id'))
$$;

-- What was said in a session from one seq up to before another: fires its rules and winds the timers.
CREATE FUNCTION "note_messages"(s "sessions", from_seq int, to_seq int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    m record;
    newest int;
    answered boolean := false;
BEGIN
    FOR m IN SELECT "id", "seq", "origin" FROM "messages"
        WHERE "session_id" = s."id" AND "seq" >= from_seq AND "seq" < to_seq AND "origin" IN ('user', 'bot') ORDER BY "seq"
    LOOP
        IF m."origin" = 'user' THEN
            newest := m."seq";
            PERFORM fire_event_rules(s, ARRAY['user_message'], m."id", jsonb_build_object('message_id', m."id"));
        ELSIF NOT said_by_event(m."id") THEN
            answered := true;
            PERFORM fire_event_rules(s, ARRAY['bot_message'], m."id", jsonb_build_object('message_id', m."id"));
        END IF;
    END LOOP;
    IF newest IS NOT NULL AND s."status" = 'active' THEN
        INSERT INTO "event_timers" ("session_id", "rule", "agent_version", "every_ms", "times", "armed_seq", "due_at")
        SELECT s."id", r."place", r."version", d.ms, coalesce((r."rule"->>'times')::int, 1), newest,
            clock_timestamp() + d.ms * interval '1 millisecond'
        FROM event_rules_of(s."agent_id", s."agent_version") r, LATERAL duration_ms(r."rule"->>'after') AS d(ms)
        WHERE r."rule"->>'on' = 'timeout' AND d.ms IS NOT NULL
            AND (r."rule"->>'from' IS DISTINCT FROM 'first_message' OR NOT EXISTS (
                SELECT 1 FROM "messages" WHERE "session_id" = s."id" AND "origin" = 'user' AND "seq" < from_seq))
        ON CONFLICT ("session_id", "rule") DO UPDATE SET "agent_version" = EXCLUDED."agent_version",
            "every_ms" = EXCLUDED."every_ms", "times" = EXCLUDED."times", "fired" = 0,
            "armed_seq" = EXCLUDED."armed_seq", "due_at" = EXCLUDED."due_at";
    ELSIF answered THEN
        -- The user's silence begins when they were answered, not while they waited.
        UPDATE "event_timers" t SET "due_at" = clock_timestamp() + t."every_ms" * interval '1 millisecond'
        FROM event_rules_of(s."agent_id", s."agent_version") r
        WHERE t."session_id" = s."id" AND t."fired" = 0 AND r."place" = t."rule"
            AND r."rule"->>'from' IS DISTINCT FROM 'first_message';
    END IF;
END $$;

CREATE FUNCTION "session_opened"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM event_rules_of(NEW."agent_id", NEW."agent_version")) THEN
        RETURN NULL;
    END IF;
    UPDATE "sessions" SET "watched" = true WHERE "id" = NEW."id";
    IF NEW."user_id" IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM "sessions" WHERE "user_id" = NEW."user_id" AND "agent_id" = NEW."agent_id" AND "id" <> NEW."id")
    THEN
        PERFORM fire_event_rules(NEW, ARRAY['user_joined'], NEW."user_id" || ':' || NEW."agent_id", '{}');
    END IF;
    PERFORM fire_event_rules(NEW, ARRAY['session_started'], NEW."id", '{}');
    PERFORM note_messages(NEW, 1, NEW."next_seq");
    RETURN NULL;
END $$;

CREATE TRIGGER "session_opened" AFTER INSERT ON "sessions" FOR EACH ROW EXECUTE FUNCTION "session_opened"();

CREATE FUNCTION "session_changed"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW."next_seq" > OLD."next_seq" THEN
        PERFORM note_messages(NEW, OLD."next_seq", NEW."next_seq");
    END IF;
    IF NEW."status" = 'completed' AND OLD."status" <> 'completed' THEN
        DELETE FROM "event_timers" WHERE "session_id" = NEW."id";
        IF NEW."end_events" THEN
            PERFORM fire_event_rules(NEW, ARRAY['session_ended', 'session_ended.' || NEW."end_reason"], NEW."id",
                jsonb_build_object('end_reason', NEW."end_reason"));
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER "session_changed" AFTER UPDATE ON "sessions" FOR EACH ROW
    WHEN (NEW."watched" AND (NEW."next_seq" > OLD."next_seq" OR NEW."status" <> OLD."status"))
    EXECUTE FUNCTION "session_changed"();

CREATE FUNCTION "delivery_failed"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    s "sessions";
BEGIN
    SELECT * INTO s FROM "sessions" WHERE "id" = NEW."session_id" AND "watched";
    IF FOUND AND NOT said_by_event(NEW."message_id") THEN
        PERFORM fire_event_rules(s, ARRAY['delivery_failed'], NEW."message_id", jsonb_build_object(
            'message_id', NEW."message_id", 'delivery_id', NEW."id", 'error_code', NEW."error_code"));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER "delivery_failed" AFTER UPDATE ON "deliveries" FOR EACH ROW
    WHEN (NEW."status" = 'failed' AND OLD."status" <> 'failed')
    EXECUTE FUNCTION "delivery_failed"();

-- Open sessions of an agent that follows each new version come under its rules; their timers start with the next message.
CREATE FUNCTION "version_published"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE "sessions" SET "watched" = true WHERE "agent_id" = NEW."agent_id" AND "status" = 'active' AND NOT "watched";
    RETURN NULL;
END $$;

CREATE TRIGGER "version_published" AFTER INSERT ON "agent_versions" FOR EACH ROW
    WHEN (NEW."definition"->>'versioning' = 'latest' AND jsonb_path_exists(NEW."definition", '$.events[0]'))
    EXECUTE FUNCTION "version_published"();

-- Sessions that are open already.
UPDATE "sessions" s SET "watched" = true
WHERE s."status" = 'active' AND EXISTS (SELECT 1 FROM event_rules_of(s."agent_id", s."agent_version"));
