-- CreateTable
CREATE TABLE "attachments" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "message_id" TEXT,
    "place" INTEGER NOT NULL DEFAULT 0,
    "kind" TEXT NOT NULL,
    "name" TEXT,
    "content_type" TEXT,
    "bytes" BIGINT,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "error" TEXT,
    "platform_id" TEXT,
    "source_url" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "attachments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "attachment_erasures" (
    "id" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "rounds" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "attachment_erasures_pkey" PRIMARY KEY ("id")
);

-- AlterTable
ALTER TABLE "deliveries" ADD COLUMN "attachment_id" TEXT;

-- CreateIndex
CREATE INDEX "attachments_message_id_place_idx" ON "attachments"("message_id", "place");

-- CreateIndex
CREATE INDEX "attachments_session_id_idx" ON "attachments"("session_id");

-- CreateIndex
CREATE INDEX "attachments_created_at_idx" ON "attachments"("created_at");

-- CreateIndex
CREATE INDEX "attachment_erasures_due_at_idx" ON "attachment_erasures"("due_at");

-- CreateIndex
CREATE INDEX "deliveries_attachment_id_idx" ON "deliveries"("attachment_id");

-- AddForeignKey
ALTER TABLE "attachments" ADD CONSTRAINT "attachments_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachments" ADD CONSTRAINT "attachments_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attachments" ADD CONSTRAINT "attachments_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_attachment_id_fkey" FOREIGN KEY ("attachment_id") REFERENCES "attachments"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- What Prisma cannot express.
ALTER TABLE "attachments" ADD CONSTRAINT "attachments_kind_check" CHECK ("kind" IN ('image', 'audio', 'video', 'file'));
ALTER TABLE "attachments" ADD CONSTRAINT "attachments_state_check" CHECK ("state" IN ('pending', 'stored', 'failed', 'expired'));
CREATE INDEX "attachments_due" ON "attachments"("next_attempt_at") WHERE "state" = 'pending';

-- Whatever deletes a row, a session, a user or a workspace with everything in it: what is kept of the file goes too.
CREATE FUNCTION "attachment_deleted"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO "attachment_erasures" ("id") VALUES (OLD."id") ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER "attachment_deleted" AFTER DELETE ON "attachments" FOR EACH ROW
    EXECUTE FUNCTION "attachment_deleted"();
