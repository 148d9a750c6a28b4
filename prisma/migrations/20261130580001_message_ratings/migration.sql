-- CreateTable
CREATE TABLE "message_ratings" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "message_id" TEXT NOT NULL,
    "rater" TEXT NOT NULL,
    "rater_name" TEXT,
    "rating" TEXT,
    "comment" TEXT,
    "via" TEXT NOT NULL,
    "rated_at" TIMESTAMPTZ(6) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "message_ratings_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "message_ratings_workspace_id_created_at_id_idx" ON "message_ratings"("workspace_id", "created_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "message_ratings_message_id_rater_key" ON "message_ratings"("message_id", "rater");

-- AddForeignKey
ALTER TABLE "message_ratings" ADD CONSTRAINT "message_ratings_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- A rating that was taken back keeps its row and its time, so that an older event that comes late does not restore it.
ALTER TABLE "message_ratings"
    ADD CONSTRAINT "message_ratings_rating_check" CHECK ("rating" IN ('up', 'down')),
    ADD CONSTRAINT "message_ratings_comment_check" CHECK ("comment" IS NULL OR "rating" IS NOT NULL);
