import { createSessionAgentRepository } from "../../agents/session-agent-repository.ts";
import { createMessageQueriesRepository } from "../../sessions/message-queries-repository.ts";
import { createSessionQueriesRepository } from "../../sessions/session-queries-repository.ts";
import { createSessionWritesRepository } from "../../sessions/session-writes-repository.ts";
import type { Database } from "../../storage/database.ts";
import { createExecutionQueriesRepository } from "../../turns/answering/execution-queries-repository.ts";

export type ApiStores = ReturnType<typeof createApiStores>;

/** The rows that many routes read. */
export function createApiStores({ pool }: Pick<Database, "pool">) {
  return {
    sessions: createSessionQueriesRepository(pool),
    writes: createSessionWritesRepository(pool),
    messages: createMessageQueriesRepository(pool),
    executions: createExecutionQueriesRepository(pool),
    agents: createSessionAgentRepository(pool),
  };
}
