-- A desk is a conversation of a channel. Each handoff there is a thread with a card at its top.
ALTER TABLE "handoffs" ADD COLUMN "desk_channel_id" TEXT, ADD COLUMN "desk_conversation" TEXT,
    ADD COLUMN "desk_thread" TEXT, ADD COLUMN "desk_card" TEXT, ADD COLUMN "warned_for" TIMESTAMPTZ(3);
ALTER TABLE "handoffs" ADD CONSTRAINT "handoffs_desk_channel_id_fkey"
    FOREIGN KEY ("desk_channel_id") REFERENCES "channels"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "handoffs" DROP CONSTRAINT "handoffs_source_check",
    ADD CONSTRAINT "handoffs_source_check" CHECK ("source" IN ('api', 'bot', 'event', 'user', 'failure', 'phone'));

-- One thread belongs to one handoff, so a member's words reach one user.
CREATE UNIQUE INDEX "handoffs_desk_thread" ON "handoffs"("desk_channel_id", "desk_thread") WHERE "desk_thread" IS NOT NULL;
CREATE INDEX "handoffs_desk_card" ON "handoffs"("desk_channel_id", "desk_card") WHERE "desk_card" IS NOT NULL;

-- A delivery to a desk: the card, a change of the card to a state, or words in the thread. Words of a message name the message.
ALTER TABLE "deliveries" ALTER COLUMN "message_id" DROP NOT NULL,
    ADD COLUMN "handoff_id" TEXT, ADD COLUMN "desk_part" TEXT;
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_handoff_id_fkey"
    FOREIGN KEY ("handoff_id") REFERENCES "handoffs"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_desk_check" CHECK (CASE WHEN "handoff_id" IS NULL
    THEN "desk_part" IS NULL AND "message_id" IS NOT NULL
    ELSE coalesce("desk_part" IN ('card', 'taken', 'released', 'words'), false) END);
CREATE INDEX "deliveries_of_handoff" ON "deliveries"("handoff_id", "ordinal") WHERE "handoff_id" IS NOT NULL;

-- The channel that knows the platform's id of a file. Null: the channel of the session.
ALTER TABLE "attachments" ADD COLUMN "channel_id" TEXT;
ALTER TABLE "attachments" ADD CONSTRAINT "attachments_channel_id_fkey"
    FOREIGN KEY ("channel_id") REFERENCES "channels"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- Pieces of a text that fit one message of every platform: 2,000 characters are at most 4,000 UTF-16 code units.
CREATE FUNCTION "desk_pieces"(whole text) RETURNS SETOF text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    rest text := whole;
    piece text;
BEGIN
    WHILE length(rest) > 2000 LOOP
        piece := coalesce(nullif(btrim(substring(left(rest, 2000) FROM '^(.*)\s'), E' \n'), ''), left(rest, 2000));
        rest := substr(rest, strpos(rest, piece) + length(piece));
        RETURN NEXT piece;
    END LOOP;
    IF btrim(rest, E' \n') <> '' THEN
        RETURN NEXT btrim(rest, E' \n');
    END IF;
END $$;

-- Plans words in the thread of a handoff. Everything for one thread has one address, which is known before the thread
-- is. So it goes in order, behind the card.
CREATE FUNCTION "desk_say"(h "handoffs", of_message text, words text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO "deliveries" ("id", "workspace_id", "channel_id", "session_id", "message_id", "handoff_id", "desk_part",
        "address", "part", "content", "format")
    SELECT new_ksuid(), h."workspace_id", h."desk_channel_id", h."session_id", of_message, h."id", 'words',
        'desk:' || h."id", nth - 1, piece, 'text'
    FROM desk_pieces(words) WITH ORDINALITY AS p(piece, nth) WHERE h."desk_channel_id" IS NOT NULL ORDER BY nth
$$;

-- The handoff with a desk in which a message was written.
CREATE FUNCTION "desk_handoff_of"(of_session text, at_seq int) RETURNS SETOF "handoffs" LANGUAGE sql STABLE ROWS 1 AS $$
    SELECT * FROM "handoffs" WHERE "session_id" = of_session AND "from_seq" <= at_seq
        AND ("until_seq" IS NULL OR "until_seq" > at_seq) AND "desk_channel_id" IS NOT NULL
    ORDER BY "from_seq" DESC, "requested_at" DESC LIMIT 1
$$;

-- The commit that stores a message while a person answers also plans its copy at the desk. So no way in can forget it.
-- Words that a member wrote in the thread are there already: their event belongs to the desk's channel.
CREATE FUNCTION "message_at_desk"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    h "handoffs";
    writer text;
BEGIN
    SELECT o.* INTO h FROM "sessions" s JOIN "handoffs" o ON o."id" = s."handoff_id"
    WHERE s."id" = NEW."session_id" AND o."desk_channel_id" IS NOT NULL;
    IF NOT FOUND OR btrim(NEW."content", E' \n') = '' THEN
        RETURN NULL;
    END IF;
    IF NEW."origin" = 'user' THEN
        SELECT coalesce(NEW."author"->>'name', u."name", 'User') INTO writer
        FROM "sessions" s LEFT JOIN "users" u ON u."id" = s."user_id" WHERE s."id" = NEW."session_id";
    ELSIF EXISTS (SELECT 1 FROM "inbound_events" e
        WHERE e."message_id" = NEW."id" AND e."channel_id" = h."desk_channel_id") THEN
        RETURN NULL;
    ELSE
        writer := concat(coalesce(NEW."author"->>'name', 'A person'), ' (' || (NEW."author"->>'via') || ')');
    END IF;
    PERFORM desk_say(h, NEW."id", writer || ': ' || NEW."content");
    RETURN NULL;
END $$;

-- While a person answers, messages have no execution. All others are left alone at no cost.
CREATE TRIGGER "message_at_desk" AFTER INSERT ON "messages" FOR EACH ROW
    WHEN (NEW."execution_id" IS NULL AND NEW."origin" IN ('user', 'operator'))
    EXECUTE FUNCTION "message_at_desk"();

-- A file goes on once its content is here: the user's to the desk, and a member's to the user.
CREATE FUNCTION "file_at_desk"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    m "messages";
    h "handoffs";
BEGIN
    SELECT * INTO m FROM "messages" WHERE "id" = NEW."message_id" AND "origin" IN ('user', 'operator');
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    SELECT * INTO h FROM desk_handoff_of(m."session_id", m."seq");
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF NEW."state" = 'failed' THEN
        PERFORM desk_say(h, m."id", format('The file %s could not be passed on: %s', coalesce(NEW."name", 'without a name'),
            coalesce(NEW."error", 'it could not be loaded')));
    ELSIF NEW."channel_id" IS NULL THEN
        INSERT INTO "deliveries" ("id", "workspace_id", "channel_id", "session_id", "message_id", "handoff_id",
            "desk_part", "address", "part", "content", "attachment_id")
        VALUES (new_ksuid(), h."workspace_id", h."desk_channel_id", h."session_id", m."id", h."id", 'words',
            'desk:' || h."id", NEW."place" + 1, '', NEW."id");
    ELSE
        INSERT INTO "deliveries" ("id", "workspace_id", "channel_id", "session_id", "message_id", "address", "part",
            "content", "attachment_id")
        SELECT new_ksuid(), s."workspace_id", s."channel_id", s."id", m."id", coalesce(s."address", s."id"),
            NEW."place" + 1, '', NEW."id" FROM "sessions" s WHERE s."id" = m."session_id";
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER "file_at_desk" AFTER UPDATE ON "attachments" FOR EACH ROW
    WHEN (NEW."message_id" IS NOT NULL AND NEW."state" IN ('stored', 'failed')
        AND (NEW."state" <> OLD."state" OR OLD."message_id" IS NULL))
    EXECUTE FUNCTION "file_at_desk"();

-- Members read in the thread when their words did not reach the user.
CREATE FUNCTION "undelivered_at_desk"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    m "messages";
    h "handoffs";
BEGIN
    SELECT * INTO m FROM "messages" WHERE "id" = NEW."message_id" AND "origin" = 'operator';
    IF FOUND THEN
        SELECT * INTO h FROM desk_handoff_of(m."session_id", m."seq");
        IF FOUND THEN
            PERFORM desk_say(h, m."id", format('This did not reach the user (%s): %s', coalesce(NEW."error", 'no reason is known'),
                left(m."content", 200)));
        END IF;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER "undelivered_at_desk" AFTER UPDATE ON "deliveries" FOR EACH ROW
    WHEN (NEW."status" = 'failed' AND OLD."status" <> 'failed' AND NEW."handoff_id" IS NULL)
    EXECUTE FUNCTION "undelivered_at_desk"();

-- Event rules hear of words to users. The channel's last error tells of a desk.
DROP TRIGGER "delivery_failed" ON "deliveries";
CREATE TRIGGER "delivery_failed" AFTER UPDATE ON "deliveries" FOR EACH ROW
    WHEN (NEW."status" = 'failed' AND OLD."status" <> 'failed' AND NEW."handoff_id" IS NULL)
    EXECUTE FUNCTION "delivery_failed"();

-- The desk reads who answers and how the handoff ended, whichever statement ended it. The card shows the same.
CREATE FUNCTION "handoff_at_desk"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    words text := CASE
        WHEN NEW."state" = 'taken' THEN format('%s (%s) answers now.', NEW."holder_name", NEW."holder_via")
        WHEN NEW."release_reason" = 'idle' THEN 'People were silent for too long. The assistant answers again.'
        WHEN NEW."release_reason" = 'session_ended' THEN 'The conversation ended, and this handoff with it.'
        ELSE 'Handed back. The assistant answers again.' END;
BEGIN
    PERFORM desk_say(NEW, NULL, words);
    INSERT INTO "deliveries" ("id", "workspace_id", "channel_id", "session_id", "handoff_id", "desk_part", "address",
        "content", "format")
    SELECT new_ksuid(), NEW."workspace_id", NEW."desk_channel_id", NEW."session_id", NEW."id", NEW."state",
        'desk:' || NEW."id", concat(words, E'\n\n', c."content"), 'text'
    FROM "deliveries" c WHERE c."handoff_id" = NEW."id" AND c."desk_part" = 'card' ORDER BY c."ordinal" LIMIT 1;
    RETURN NULL;
END $$;

CREATE TRIGGER "handoff_at_desk" AFTER UPDATE ON "handoffs" FOR EACH ROW
    WHEN (NEW."desk_channel_id" IS NOT NULL
        AND (NEW."state" <> OLD."state" OR NEW."holder_name" IS DISTINCT FROM OLD."holder_name"))
    EXECUTE FUNCTION "handoff_at_desk"();
