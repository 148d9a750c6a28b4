import type { SocketModeReceiver } from "@slack/bolt";
import type { Logger } from "../../core/process/logger.ts";
import { createBackoff } from "../../core/time/backoff.ts";
import { describeFault, readFault } from "./errors.ts";
import { parseSlackBody, type SlackBody } from "./event.ts";
import { COMMAND_ANSWER, parseInteraction, type SlackPress } from "./interaction.ts";
import { quietSlackLogger, type SlackWebApi } from "./web-api.ts";

export interface SocketDeps {
  appToken: string;
  clientOptions: SlackWebApi["clientOptions"];
  /** Reads a body and stores its content. Rejects if that was not possible. */
  take(body: SlackBody | SlackPress): Promise<void>;
  onTrouble(words: string | null): void;
  log: Logger;
}

/** An envelope as Slack's client passes it on. */
interface Envelope {
  type: string;
  body: unknown;
  ack(response?: Record<string, unknown>): Promise<void>;
}

/** A connection that ends sooner than this has a problem. A longer one was recycled, as Slack does every hour. */
const SETTLED_MS = 5_000;

/**
 * Socket Mode: holds a connection to Slack until the signal aborts. An envelope is acknowledged after its content is
 * stored. Slack sends an unacknowledged envelope again, here or over the next connection.
 */
export async function holdSocket(deps: SocketDeps, signal: AbortSignal): Promise<void> {
  const { client } = await createReceiver(deps);
  const inOrder = createOrder();
  const underWay = new Set<Promise<void>>();
  client.on("slack_event", (envelope: Envelope) => {
    const body = bodyOf(envelope);
    const task = inOrder(channelOf(body), () => acknowledge(envelope, body));
    underWay.add(task);
    void task.finally(() => underWay.delete(task));
  });

  async function acknowledge(envelope: Envelope, body: SlackBody | SlackPress | null): Promise<void> {
    try {
      if (body !== null) await deps.take(body);
      await envelope.ack(envelope.type === "slash_commands" ? COMMAND_ANSWER : undefined);
    } catch (error) {
      deps.log.warn({ err: error }, "a slack envelope was not acknowledged; Slack sends it again");
    }
  }

  // Also ends a connection attempt in progress; then `start` rejects.
  const hangUp = () => void client.disconnect().catch(() => undefined);
  signal.addEventListener("abort", hangUp, { once: true });
  const backoff = createBackoff(60_000, signal);
  while (!signal.aborted) {
    const ended = new Promise<void>((resolve) => client.once("disconnected", () => resolve()));
    const startedAt = performance.now();
    try {
      await client.start();
      deps.onTrouble(null);
      await ended;
      if (performance.now() - startedAt < SETTLED_MS) await backoff.wait();
      else backoff.reset();
    } catch (error) {
      if (signal.aborted) break;
      const words = describeStart(error);
      deps.log.warn({ reason: words }, "slack socket not connected");
      deps.onTrouble(words);
      await backoff.wait();
    }
  }
  signal.removeEventListener("abort", hangUp);
  await Promise.all(underWay);
}

async function createReceiver({ appToken, clientOptions }: SocketDeps): Promise<SocketModeReceiver> {
  // Loads Bolt only now: it includes a web server, which a channel with webhooks does not need.
  const { SocketModeReceiver } = await import("@slack/bolt");
  return new SocketModeReceiver({
    appToken,
    logger: quietSlackLogger,
    // If Slack is unreachable, the client's own reconnect throws where nothing can catch it.
    autoReconnectEnabled: false,
    installerOptions: { clientOptions },
  });
}

/** The content of an envelope for us; null if there is none. */
function bodyOf({ type, body }: Envelope): SlackBody | SlackPress | null {
  if (type === "events_api") return parseSlackBody(body);
  if (type !== "interactive") return null;
  const interaction = parseInteraction(body);
  return interaction.kind === "press" ? interaction : null;
}

/** The messages of one Slack channel are stored in the order of their arrival. */
function channelOf(body: SlackBody | SlackPress | null): string {
  if (body?.kind === "event") return body.message.channel;
  return body?.kind === "press" ? body.channel : "";
}

function describeStart(error: unknown): string {
  if (error === undefined) return "Slack closed the socket before it was ready";
  const fault = readFault(error);
  return fault.kind === "refused"
    ? `Slack refused to open a socket (${fault.error}); check \`appToken\` and that Socket Mode is on`
    : describeFault(fault);
}

/** Runs the tasks of one key one after another, so that earlier messages are stored first. */
function createOrder() {
  const last = new Map<string, Promise<void>>();
  return (key: string, task: () => Promise<void>): Promise<void> => {
    const run = (last.get(key) ?? Promise.resolve()).then(task);
    last.set(key, run);
    void run.finally(() => {
      if (last.get(key) === run) last.delete(key);
    });
    return run;
  };
}
