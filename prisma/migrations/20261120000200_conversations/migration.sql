-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "next_id" TEXT;

-- CreateTable
CREATE TABLE "socket_tokens" (
    "hash" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "socket_tokens_pkey" PRIMARY KEY ("hash")
);

-- CreateIndex
CREATE INDEX "socket_tokens_expires_at_idx" ON "socket_tokens"("expires_at");

-- AddForeignKey
ALTER TABLE "socket_tokens" ADD CONSTRAINT "socket_tokens_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "socket_tokens" ADD CONSTRAINT "socket_tokens_key_id_fkey" FOREIGN KEY ("key_id") REFERENCES "api_keys"("id") ON DELETE CASCADE ON UPDATE CASCADE;
