-- AlterTable
ALTER TABLE "executions" ADD COLUMN "preview" TEXT;

-- AlterTable
ALTER TABLE "deliveries" ADD COLUMN "preview" TEXT;

-- Answers that ended with a preview that no delivery took over: it has to be removed.
CREATE INDEX "executions_preview" ON "executions"("created_at") WHERE "preview" IS NOT NULL;
