-- The visitor who uploaded a file and their network address, until the file is sent: both are limited.
ALTER TABLE "attachments" ADD COLUMN     "uploaded_by" TEXT,
ADD COLUMN     "uploaded_from" TEXT;

CREATE INDEX "attachments_unsent_by" ON "attachments"("uploaded_by") WHERE "message_id" IS NULL AND "uploaded_by" IS NOT NULL;

CREATE INDEX "attachments_unsent_from" ON "attachments"("uploaded_from") WHERE "message_id" IS NULL AND "uploaded_from" IS NOT NULL;
