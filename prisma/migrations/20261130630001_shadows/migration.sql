-- AlterTable
ALTER TABLE "agents" ADD COLUMN "shadow" JSONB,
ADD COLUMN "shadow_since" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "shadows" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "session_id" TEXT NOT NULL,
    "execution_id" TEXT NOT NULL,
    "agent_id" TEXT NOT NULL,
    "candidate_id" TEXT NOT NULL,
    "candidate_version" INTEGER,
    "status" TEXT NOT NULL DEFAULT 'waiting',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "lease_expires_at" TIMESTAMPTZ(3),
    "replies" TEXT[],
    "tools" TEXT[],
    "total_tokens" INTEGER,
    "seconds" DOUBLE PRECISION,
    "error_code" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "shadows_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "shadows_workspace_id_created_at_id_idx" ON "shadows"("workspace_id", "created_at", "id");

-- CreateIndex
CREATE INDEX "shadows_session_id_idx" ON "shadows"("session_id");

-- CreateIndex
CREATE UNIQUE INDEX "shadows_execution_id_candidate_id_key" ON "shadows"("execution_id", "candidate_id");

-- AddForeignKey
ALTER TABLE "shadows" ADD CONSTRAINT "shadows_execution_id_fkey" FOREIGN KEY ("execution_id") REFERENCES "executions"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "shadows"
    ADD CONSTRAINT "shadows_status_check" CHECK ("status" IN ('waiting', 'running', 'answered', 'failed', 'skipped')),
    ADD CONSTRAINT "shadows_lease_check" CHECK (("status" = 'running') = ("lease_expires_at" IS NOT NULL)),
    ADD CONSTRAINT "shadows_ended_check" CHECK (("status" IN ('waiting', 'running')) = ("ended_at" IS NULL));

-- Work to do, the oldest first.
CREATE INDEX "shadows_due" ON "shadows"("created_at", "id") WHERE "status" IN ('waiting', 'running');
