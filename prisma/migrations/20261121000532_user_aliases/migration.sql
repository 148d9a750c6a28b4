-- What else a platform calls a user: a number and an id that stands for it are one person.
CREATE TABLE "user_aliases" (
    "channel_id" TEXT NOT NULL,
    "alias" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "user_aliases_pkey" PRIMARY KEY ("channel_id","alias")
);

CREATE INDEX "user_aliases_channel_id_identifier_idx" ON "user_aliases"("channel_id", "identifier");

ALTER TABLE "user_aliases" ADD CONSTRAINT "user_aliases_channel_id_fkey" FOREIGN KEY ("channel_id") REFERENCES "channels"("id") ON DELETE CASCADE ON UPDATE CASCADE;
