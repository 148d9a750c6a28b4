-- A receipt can be faster than the record of the send it is about: it is kept until that stands, for an hour at most.
CREATE TABLE "early_receipts" (
    "channel_id" TEXT NOT NULL,
    "external_id" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "delivery_id" TEXT,
    "error_code" TEXT,
    "error" TEXT,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "early_receipts_pkey" PRIMARY KEY ("channel_id","external_id","state")
);

ALTER TABLE "early_receipts" ADD CONSTRAINT "early_receipts_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channels"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What a receipt is about, where it names only the platform's id. Rows come in when they have been sent.
CREATE INDEX "deliveries_external_id" ON "deliveries"("channel_id", ("external_ids"[1])) WHERE "external_ids" <> '{}';
