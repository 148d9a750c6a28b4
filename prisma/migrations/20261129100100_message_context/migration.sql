-- Writer, time on the platform, what a message points at, the token by which a reply answers it; albums gather until
-- their turn begins.
ALTER TABLE "messages" ADD COLUMN "author" JSONB,
ADD COLUMN "sent_at" TIMESTAMPTZ(3),
ADD COLUMN "message_references" JSONB,
ADD COLUMN "reply_reference" TEXT,
ADD COLUMN "album_key" TEXT,
ADD COLUMN "gather_until" TIMESTAMPTZ(3),
ADD COLUMN "closed_at" TIMESTAMPTZ(3);

-- An album that still gathers is one message of its session: of two parts that arrive at once, the second joins the first.
CREATE UNIQUE INDEX "messages_open_album" ON "messages"("album_key", "session_id")
WHERE "album_key" IS NOT NULL AND "closed_at" IS NULL;

-- For a part that comes after its album was answered.
CREATE INDEX "messages_album" ON "messages"("album_key") WHERE "album_key" IS NOT NULL;

-- CreateTable
CREATE TABLE "album_parts" (
    "channel_id" TEXT NOT NULL,
    "event_key" TEXT NOT NULL,
    "album_key" TEXT NOT NULL,
    "row" JSONB NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "album_parts_pkey" PRIMARY KEY ("channel_id", "event_key")
);

-- CreateIndex
CREATE INDEX "album_parts_channel_id_album_key_idx" ON "album_parts"("channel_id", "album_key");

-- AddForeignKey
ALTER TABLE "album_parts" ADD CONSTRAINT "album_parts_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channels"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What a reply answers stands with each of its deliveries, for platforms that answer a message rather than a chat.
ALTER TABLE "deliveries" ADD COLUMN "answers" JSONB;

-- What the platform says of a failure after it had taken the send.
ALTER TABLE "early_receipts" ADD COLUMN "meaning" TEXT, ADD COLUMN "after_ms" INTEGER;

-- CreateTable
CREATE TABLE "conversation_pauses" (
    "channel_id" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "paused_until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "conversation_pauses_pkey" PRIMARY KEY ("channel_id", "address")
);

-- AddForeignKey
ALTER TABLE "conversation_pauses" ADD CONSTRAINT "conversation_pauses_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channels"("id") ON DELETE CASCADE ON UPDATE CASCADE;
