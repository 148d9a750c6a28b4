-- The version of the agent that answered. A session may move to another version later. Null: it ended before this
-- column, or no agent was asked.
ALTER TABLE "executions" ADD COLUMN "agent_version" INTEGER;
