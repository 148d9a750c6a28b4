-- CreateTable
CREATE TABLE "access_requests" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "channel_id" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "name" TEXT,
    "place" INTEGER NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "code" TEXT,
    "text" TEXT NOT NULL,
    "message_ids" TEXT[],
    "event_keys" TEXT[],
    "album_key" TEXT,
    "held" JSONB,
    "unkept" INTEGER NOT NULL DEFAULT 0,
    "by_name" TEXT,
    "by_via" TEXT,
    "requested_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_at" TIMESTAMPTZ(3),

    CONSTRAINT "access_requests_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "access_grants" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "channel_id" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "name" TEXT,
    "source" TEXT NOT NULL,
    "by_name" TEXT NOT NULL,
    "by_via" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "access_grants_pkey" PRIMARY KEY ("id")
);

-- AlterTable
ALTER TABLE "deliveries" ADD COLUMN     "access_request_id" TEXT,
ALTER COLUMN "session_id" DROP NOT NULL;

-- CreateIndex
CREATE INDEX "access_requests_workspace_id_requested_at_id_idx" ON "access_requests"("workspace_id", "requested_at", "id");

-- CreateIndex
CREATE INDEX "access_requests_channel_id_identifier_idx" ON "access_requests"("channel_id", "identifier");

-- CreateIndex
CREATE INDEX "access_requests_message_ids_idx" ON "access_requests" USING GIN ("message_ids");

-- CreateIndex
CREATE INDEX "access_grants_workspace_id_created_at_id_idx" ON "access_grants"("workspace_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "access_grants_channel_id_identifier_key" ON "access_grants"("channel_id", "identifier");

-- AddForeignKey
ALTER TABLE "deliveries" ADD CONSTRAINT "deliveries_access_request_id_fkey" FOREIGN KEY ("access_request_id") REFERENCES "access_requests"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "access_requests" ADD CONSTRAINT "access_requests_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channels"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "access_grants" ADD CONSTRAINT "access_grants_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channels"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- At most three requests of a user wait at once, and a code that waits belongs to one request.
CREATE UNIQUE INDEX "access_requests_waiting" ON "access_requests"("channel_id", "identifier", "place")
    WHERE "state" = 'waiting';
CREATE UNIQUE INDEX "access_requests_code" ON "access_requests"("workspace_id", "code")
    WHERE "state" = 'waiting' AND "code" IS NOT NULL;
CREATE INDEX "access_requests_due" ON "access_requests"("expires_at") WHERE "state" = 'waiting';
CREATE INDEX "deliveries_of_access_request" ON "deliveries"("access_request_id") WHERE "access_request_id" IS NOT NULL;

-- The messages of a request are kept as long as it waits. They become messages of a session only when the user is let in.
ALTER TABLE "access_requests"
    ADD CONSTRAINT "access_requests_state_check" CHECK ("state" IN ('waiting', 'approved', 'denied', 'expired')),
    ADD CONSTRAINT "access_requests_place_check" CHECK ("place" BETWEEN 1 AND 3),
    ADD CONSTRAINT "access_requests_code_check" CHECK ("code" ~ '^[2-9A-HJ-NP-Z]{8}$'),
    ADD CONSTRAINT "access_requests_held_check" CHECK (("state" = 'waiting') = ("held" IS NOT NULL)
        AND ("state" = 'waiting') = ("decided_at" IS NULL) AND cardinality("message_ids") BETWEEN 1 AND 20),
    ADD CONSTRAINT "access_requests_by_check" CHECK (num_nulls("by_name", "by_via") IN (0, 2)
        AND ("state" IN ('approved', 'denied')) = ("by_via" IS NOT NULL));
ALTER TABLE "access_grants"
    ADD CONSTRAINT "access_grants_source_check" CHECK ("source" IN ('request', 'invite'));

-- A delivery to somebody who is not let in has no session, because there is no conversation yet.
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_desk_check",
    ADD CONSTRAINT "deliveries_desk_check" CHECK (CASE
        WHEN "access_request_id" IS NOT NULL THEN num_nonnulls("session_id", "message_id", "handoff_id", "desk_part") = 0
        WHEN "handoff_id" IS NULL THEN "desk_part" IS NULL AND num_nulls("session_id", "message_id") = 0
        ELSE "session_id" IS NOT NULL AND coalesce("desk_part" IN ('card', 'taken', 'released', 'words'), false) END);
