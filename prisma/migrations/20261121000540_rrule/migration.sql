-- AlterTable
ALTER TABLE "schedules" ADD COLUMN "rrule" TEXT;

ALTER TABLE "schedules" DROP CONSTRAINT "schedules_kind_check";

ALTER TABLE "schedules" ADD CONSTRAINT "schedules_kind_check" CHECK ("kind" IN ('at', 'interval', 'cron', 'rrule'));
