-- CreateTable
CREATE TABLE "channel_values" (
    "channel_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "value" BYTEA NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "channel_values_pkey" PRIMARY KEY ("channel_id","key")
);

-- AddForeignKey
ALTER TABLE "channel_values" ADD CONSTRAINT "channel_values_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channels"("id") ON DELETE CASCADE ON UPDATE CASCADE;
