-- AlterTable
ALTER TABLE "deliveries" ADD COLUMN "buttons" JSONB;

-- AlterTable
ALTER TABLE "messages" ADD COLUMN "buttons" JSONB,
ADD COLUMN "payload" TEXT;

-- AlterTable
ALTER TABLE "sessions" ADD COLUMN "offer" JSONB;

ALTER TABLE "messages" ADD CONSTRAINT "messages_buttons_check" CHECK (jsonb_typeof("buttons") = 'array');

-- Whether a press was offered in its session: looked up among the few messages that offer something.
CREATE INDEX "messages_buttons" ON "messages"("session_id") WHERE "buttons" IS NOT NULL;
