-- That a receipt says its user cannot be written to any more is not forgotten while it waits for its send.
ALTER TABLE "early_receipts" ADD COLUMN "user_unreachable" BOOLEAN NOT NULL DEFAULT false;
