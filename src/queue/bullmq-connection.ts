import type { PostgresConnectionOptions } from "bullmq";
import type { QueueConnections } from "./queue-connections.ts";

type Connect = QueueConnections["connect"] | QueueConnections["listen"];

/** The connections as BullMQ uses them. BullMQ may not close them, because all queues and workers share them. */
export function bullmqConnection(
  queries: QueueConnections["queries"],
  connect: Connect,
): PostgresConnectionOptions {
  return {
    query: (text, values) =>
      values ? queries.query({ name: statementName(text), text, values: [...values] }) : queries.query(text),
    connect,
    options: { keepAlive: true },
    end: async () => undefined,
    on() {
      return this;
    },
    removeAllListeners() {
      return this;
    },
  };
}

const statementNames = new Map<string, string>();

/** Names a statement, so that Postgres keeps its plan. BullMQ uses a fixed set of a few dozen statements. */
function statementName(text: string): string {
  const known = statementNames.get(text);
  if (known) return known;
  const name = `bullmq_${statementNames.size}`;
  statementNames.set(text, name);
  return name;
}
