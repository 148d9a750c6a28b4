-- A voice message becomes words before its turn. `listened_at` is set together with the words.
ALTER TABLE "messages" ADD COLUMN "listened_at" TIMESTAMPTZ(3), ADD COLUMN "listen_attempts" INTEGER NOT NULL DEFAULT 0;
