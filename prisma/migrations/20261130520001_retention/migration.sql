-- Days after its last change until a session of this agent is erased. Null: the setting of the service counts.
-- It is not part of a version: going back to an earlier prompt must not erase more than the file says.
ALTER TABLE "agents" ADD COLUMN "retention_days" INTEGER
    CONSTRAINT "agents_retention_days_check" CHECK ("retention_days" > 0);
