-- AlterTable
ALTER TABLE "users" ADD COLUMN "handed_to" TEXT;
