-- When a user opened the chat without a word, which lets the platform take messages to them, and since when they take no
-- marketing messages.
ALTER TABLE "users" ADD COLUMN "arrived_at" TIMESTAMPTZ(3),
ADD COLUMN "marketing_stopped_at" TIMESTAMPTZ(3);
