import { type Receiver, SocketModeReceiver } from "@slack/bolt";
import { z } from "zod";
import type { Logger } from "../../core/process/logger.ts";
import { createBackoff } from "../../core/time/backoff.ts";
import type { Run, SlackContext } from "./app.ts";
import { describeFault, readFault } from "./errors.ts";
import { quietSlackLogger, type SlackWebApi } from "./web-api.ts";

export interface SocketDeps {
  appToken: string;
  clientOptions: SlackWebApi["clientOptions"];
  /** Puts an app behind the receiver of the socket. */
  attach(receiver: Receiver, run: Run): void;
  /** Stores the content of a body. */
  hand: SlackContext["hand"];
  onTrouble(words: string | null): void;
  log: Logger;
}

/** A connection that ends sooner than this has a problem. A longer one was recycled, as Slack does every hour. */
const SETTLED_MS = 5_000;

/**
 * Socket Mode: holds a connection to Slack until the signal aborts. An envelope is acknowledged after its content is
 * stored. Slack sends an unacknowledged envelope again, here or over the next connection.
 */
export async function holdSocket(deps: SocketDeps, signal: AbortSignal): Promise<void> {
  const { appToken, clientOptions, hand, onTrouble, log } = deps;
  const receiver = new SocketModeReceiver({
    appToken,
    logger: quietSlackLogger,
    // If Slack is unreachable, the client's own reconnect throws where nothing can catch it.
    autoReconnectEnabled: false,
    installerOptions: { clientOptions },
    customPropertiesExtractor: (): SlackContext => ({ hand }),
    async processEventErrorHandler({ error }) {
      log.warn({ err: error }, "a slack envelope was not acknowledged; Slack sends it again");
      return false;
    },
  });
  const order = createOrder();
  deps.attach(receiver, order.run);
  const { client } = receiver;
  // Also ends a connection attempt in progress; then `start` rejects.
  const hangUp = () => void client.disconnect().catch(() => undefined);
  signal.addEventListener("abort", hangUp, { once: true });
  const backoff = createBackoff(60_000, signal);
  while (!signal.aborted) {
    const ended = new Promise<void>((resolve) => client.once("disconnected", () => resolve()));
    const startedAt = performance.now();
    try {
      await receiver.start();
      onTrouble(null);
      await ended;
      if (performance.now() - startedAt < SETTLED_MS) await backoff.wait();
      else backoff.reset();
    } catch (error) {
      if (signal.aborted) break;
      const words = describeStart(error);
      log.warn({ reason: words }, "slack socket not connected");
      onTrouble(words);
      await backoff.wait();
    }
  }
  signal.removeEventListener("abort", hangUp);
  await order.ended();
}

function describeStart(error: unknown): string {
  if (error === undefined) return "Slack closed the socket before it was ready";
  const fault = readFault(error);
  return fault.kind === "refused"
    ? `Slack refused to open a socket (${fault.error}); check \`appToken\` and that Socket Mode is on`
    : describeFault(fault);
}

/** The Slack channel of a message, or of a press. */
const placeSchema = z.object({
  event: z.object({ channel: z.string() }).optional().catch(undefined),
  channel: z.object({ id: z.string() }).optional().catch(undefined),
});

/** Runs the tasks of one Slack channel one after another, so that earlier messages are stored first. */
function createOrder(): { run: Run; ended(): Promise<unknown> } {
  const last = new Map<string, Promise<void>>();
  return {
    run(body, task) {
      const place = placeSchema.safeParse(body).data;
      const key = place?.event?.channel ?? place?.channel?.id ?? "";
      const run = (last.get(key) ?? Promise.resolve()).then(task);
      const ended = run.catch(() => undefined);
      last.set(key, ended);
      void ended.then(() => {
        if (last.get(key) === ended) last.delete(key);
      });
      return run;
    },
    ended: () => Promise.all(last.values()),
  };
}
