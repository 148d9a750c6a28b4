-- AlterTable
ALTER TABLE "users" ADD COLUMN     "unreachable_code" TEXT,
ADD COLUMN     "unreachable_reason" TEXT,
ADD COLUMN     "unreachable_since" TIMESTAMPTZ(3);
