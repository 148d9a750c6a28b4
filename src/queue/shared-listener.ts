import { EventEmitter } from "node:events";
import type { PgPoolClient } from "bullmq";
import type { PoolClient } from "pg";

/** BullMQ names a connection after its worker. One that all workers share keeps its own name. */
const NAMES_CONNECTION = "set_config('application_name'";

type View = EventEmitter & PgPoolClient;

/**
 * Shares one connection among everything in this process that listens: workers and notices. Each connection costs
 * Postgres a process. A listener gets a view of the connection with its own handlers, and releases only the view. A lost
 * connection is an error of every view. The next view opens another connection.
 * @param open opens the connection, and waits if the server is down.
 */
export function shareListener(open: () => Promise<PoolClient>): () => Promise<PgPoolClient> {
  const views = new Set<View>();
  let current: Promise<PoolClient> | null = null;

  function connect(): Promise<PoolClient> {
    const opening = open();
    opening.then(
      (client) => {
        client.on("notification", (notice) => {
          for (const view of [...views]) view.emit("notification", notice);
        });
        // Runs twice for one connection: the server's last message and the broken socket are separate errors.
        client.on("error", (error) => {
          client.release(true);
          if (current === opening) lose(error);
        });
      },
      () => {
        if (current === opening) current = null;
      },
    );
    return opening;
  }

  function lose(error: Error): void {
    current = null;
    const lost = [...views];
    views.clear();
    for (const view of lost) if (view.listenerCount("error") > 0) view.emit("error", error);
  }

  return async () => {
    for (;;) {
      current ??= connect();
      const opening = current;
      const client = await opening;
      // It may have been lost meanwhile. A view of it would never hear of that.
      if (current !== opening) continue;
      const view = viewOf(client, () => views.delete(view));
      views.add(view);
      return view;
    }
  };
}

/** The last statement on each connection, which takes one at a time. */
const lastStatement = new WeakMap<PoolClient, Promise<unknown>>();

function viewOf(client: PoolClient, release: () => void): View {
  return Object.assign(new EventEmitter(), {
    async query(text: string, values: readonly unknown[] = []) {
      if (text.includes(NAMES_CONNECTION)) return { rows: [] };
      const before = lastStatement.get(client) ?? Promise.resolve();
      const result = before.then(() => client.query(text, [...values]));
      lastStatement.set(
        client,
        result.catch(() => undefined),
      );
      return await result;
    },
    release,
  });
}
