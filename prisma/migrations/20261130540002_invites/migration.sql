-- AlterTable
ALTER TABLE "access_requests" ADD COLUMN     "invite" TEXT;

-- CreateTable
CREATE TABLE "access_invites" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "channel_id" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "uses" INTEGER NOT NULL,
    "used" INTEGER NOT NULL DEFAULT 0,
    "by_name" TEXT NOT NULL,
    "by_via" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "access_invites_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "access_invites_hash_key" ON "access_invites"("hash");

-- CreateIndex
CREATE INDEX "access_invites_workspace_id_created_at_id_idx" ON "access_invites"("workspace_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "access_invites_expires_at_idx" ON "access_invites"("expires_at");

-- AddForeignKey
ALTER TABLE "access_invites" ADD CONSTRAINT "access_invites_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channels"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- An invite lets in as many people as it says, whatever happens at the same moment.
ALTER TABLE "access_invites"
    ADD CONSTRAINT "access_invites_uses_check" CHECK ("uses" BETWEEN 1 AND 10000 AND "used" BETWEEN 0 AND "uses");
ALTER TABLE "access_requests"
    ADD CONSTRAINT "access_requests_invite_check" CHECK ("invite" IN ('used_up', 'expired', 'unknown'));
