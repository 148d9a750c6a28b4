-- CreateTable
CREATE TABLE "budget_counters" (
    "agent_id" TEXT NOT NULL,
    "scope" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "window_seconds" INTEGER NOT NULL,
    "window_start" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "messages" INTEGER NOT NULL DEFAULT 0,
    "tokens" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "budget_counters_pkey" PRIMARY KEY ("agent_id","scope","subject_id","window_seconds","window_start")
);

-- CreateTable
CREATE TABLE "budget_claims" (
    "message_id" TEXT NOT NULL,
    "tokens" INTEGER NOT NULL DEFAULT 0,
    "claimed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "budget_claims_pkey" PRIMARY KEY ("message_id")
);

-- CreateIndex
CREATE INDEX "budget_counters_expires_at_idx" ON "budget_counters"("expires_at");

-- CreateIndex
CREATE INDEX "budget_claims_claimed_at_idx" ON "budget_claims"("claimed_at");

-- AddForeignKey
ALTER TABLE "budget_claims" ADD CONSTRAINT "budget_claims_message_id_fkey" FOREIGN KEY ("message_id") REFERENCES "messages"("id") ON DELETE CASCADE ON UPDATE CASCADE;
