-- An edit that arrived before its message. It is applied when the message arrives, and forgotten after a day.
CREATE TABLE "early_edits" (
    "channel_id" TEXT NOT NULL,
    "original" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "row" JSONB NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "early_edits_pkey" PRIMARY KEY ("channel_id", "original")
);

-- AddForeignKey
ALTER TABLE "early_edits" ADD CONSTRAINT "early_edits_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channels"("id") ON DELETE CASCADE ON UPDATE CASCADE;
