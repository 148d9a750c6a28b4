-- CreateTable
CREATE TABLE "session_reads" (
    "session_id" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "session_reads_pkey" PRIMARY KEY ("session_id")
);

-- AddForeignKey
ALTER TABLE "session_reads" ADD CONSTRAINT "session_reads_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;
