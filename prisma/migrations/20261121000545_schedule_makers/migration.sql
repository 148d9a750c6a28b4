-- AlterTable
ALTER TABLE "schedules" ADD COLUMN     "attachments" JSONB,
ADD COLUMN     "made_by" TEXT NOT NULL DEFAULT 'operator';

ALTER TABLE "schedules" ADD CONSTRAINT "schedules_made_by_check" CHECK ("made_by" IN ('operator', 'event', 'bot'));
