-- A channel's value may end by itself: a token, a mark that something was used.
ALTER TABLE "channel_values" ADD COLUMN "expires_at" TIMESTAMPTZ(3);
