-- The digest of a definition that an operator took back: the next start does not publish it again.
ALTER TABLE "agents" ADD COLUMN "rolled_back_digest" TEXT;
