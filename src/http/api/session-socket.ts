import type { WebSocket } from "ws";
import { z } from "zod";
import { RequestError } from "../../core/errors.ts";
import { newId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Logger } from "../../core/logger.ts";
import { storableText } from "../../core/text.ts";
import type { TurnEvent } from "../../core/turn-log.ts";
import type { SessionView } from "../../sessions/session-queries-repository.ts";
import type { ExecutionQueries } from "../../turns/execution-queries-repository.ts";
import type { Conversation } from "./conversation.ts";
import { messageShape, saysSomething, toNewMessage } from "./message-body.ts";
import { eventsOf } from "./message-events.ts";
import { createSocketTurns } from "./socket-turns.ts";

export interface SessionSocketDeps {
  conversation: Conversation;
  executions: Pick<ExecutionQueries, "find" | "open" | "behind">;
  cancelExecution(executionId: string): Promise<boolean>;
  /** Tells when a turn begins in a session, wherever it runs. Returns how to stop listening. */
  watch(sessionId: string, onTurn: (executionId: string) => void): () => void;
  /** Whether the key the socket was opened with still is one. */
  keyStands(): Promise<boolean>;
  /** Calls once that key is revoked. Returns how to stop listening. */
  onKeyRevoked(listener: () => void): () => void;
  /** Counts a message against the limit of that key; throws the 429. */
  takeRate(): void;
  log: Logger;
}

/** Where a client that lost its connection wants to go on. */
export interface SocketResume {
  executionId: string;
  lastEventId: number;
}

const frameSchema = z.discriminatedUnion("type", [
  z
    .strictObject({
      type: z.literal("message"),
      ...messageShape,
      idempotency_key: z.string().min(1).max(255).optional(),
    })
    .superRefine(saysSomething),
  z.strictObject({ type: z.literal("cancel"), execution_id: z.string().min(1).optional() }),
  z.strictObject({ type: z.literal("ping") }),
]);
type Frame = z.output<typeof frameSchema>;

/** A client that takes nothing is cut off before it fills our memory, bytes. */
const MOST_BUFFERED = 8 * 1024 * 1024;
const BEAT_MS = 30_000;
/** Close codes: 4000 and up are the application's. */
const KEY_REVOKED = 4401;

/** Serves one open socket until it closes: turns of its session out, messages and cancels in. */
export function serveSocket(
  socket: WebSocket,
  session: SessionView,
  resume: SocketResume | null,
  deps: SessionSocketDeps,
): void {
  const { conversation } = deps;
  const closed = new AbortController();
  const sessions = new Map<string, () => void>();
  let answersBeat = true;
  let accepting: Promise<unknown> = Promise.resolve();

  function send(frame: JsonObject): void {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > MOST_BUFFERED) socket.terminate();
    else socket.send(JSON.stringify(frame));
  }

  function refuse(error: unknown): void {
    const known = error instanceof RequestError ? error : null;
    if (!known) deps.log.error({ err: error, session_id: session.id }, "a socket's request failed");
    const retryAfter = known?.headers["Retry-After"];
    const data = {
      message: known?.message ?? "Something went wrong here. The operator's log says what.",
      code: known?.code ?? "internal_error",
      ...(retryAfter === undefined ? {} : { retry_after: Number(retryAfter) }),
    };
    send({ id: null, event: "error", data, execution_id: null, session_id: session.id });
  }

  async function show(events: AsyncIterable<TurnEvent>, executionId: string | null, sessionId: string) {
    for await (const { id, type, data } of events) {
      send({ id, event: type, data, execution_id: executionId, session_id: sessionId });
    }
  }

  const follow = createSocketTurns({
    find: (executionId) => deps.executions.find(session.workspaceId, executionId),
    events: (executionId, afterId) => conversation.events(executionId, afterId, closed.signal),
    show,
    refuse,
  });

  /** Watches a session, and the one that takes over from it. */
  function watch(sessionId: string): void {
    if (sessions.has(sessionId)) return;
    const onTurn = (executionId: string) => void follow(executionId, sessionId);
    sessions.set(sessionId, deps.watch(sessionId, onTurn));
  }

  async function catchUp(): Promise<void> {
    if (resume) {
      await follow(resume.executionId, session.id, resume.lastEventId);
      for (const id of await deps.executions.behind(resume.executionId)) await follow(id, session.id);
    }
    for (const id of await deps.executions.open(session.id)) await follow(id, session.id);
  }

  async function accept(frame: Extract<Frame, { type: "message" }>): Promise<void> {
    deps.takeRate();
    const current = await conversation.session(session.workspaceId, session.id);
    const key =
      frame.idempotency_key === undefined ? newId() : `socket:${storableText(frame.idempotency_key)}`;
    const sent = await conversation.send(current, toNewMessage(frame, key));
    watch(sent.sessionId);
    if (sent.kind === "turn") void follow(sent.executionId, sent.sessionId);
    else await show(eventsOf(conversation, sent, 0, closed.signal), null, sent.sessionId);
  }

  async function cancel(asked: string | undefined, sentBefore: Promise<unknown>): Promise<void> {
    const executionId = asked ?? (await runningNow(sentBefore));
    if (executionId === undefined) {
      throw new RequestError(409, "nothing_to_cancel", "No message of this session is being answered.");
    }
    const execution = await deps.executions.find(session.workspaceId, executionId);
    if (!execution || !sessions.has(execution.sessionId)) {
      throw new RequestError(404, "execution_not_found", `This session has no execution ${executionId}.`);
    }
    if (!(await deps.cancelExecution(executionId))) {
      throw new RequestError(409, "execution_ended", `The execution ${executionId} is over already.`);
    }
  }

  /** The turn a bare `cancel` means: what runs, or else what comes of a message that was sent just before. */
  async function runningNow(sentBefore: Promise<unknown>): Promise<string | undefined> {
    const running = await firstOpen();
    if (running !== undefined) return running;
    await sentBefore;
    return firstOpen();
  }

  async function firstOpen(): Promise<string | undefined> {
    for (const id of [...sessions.keys()].reverse()) {
      const [first] = await deps.executions.open(id);
      if (first !== undefined) return first;
    }
    return undefined;
  }

  const revoked = (): void => socket.close(KEY_REVOKED, "the API key was revoked");

  async function carryOut(frame: Frame, sentBefore: Promise<unknown>): Promise<void> {
    if (!(await deps.keyStands())) return revoked();
    if (frame.type === "message") return accept(frame);
    if (frame.type === "cancel") return cancel(frame.execution_id, sentBefore);
    send({ id: null, event: "pong", data: {}, execution_id: null, session_id: session.id });
  }

  function take(frame: Frame): void {
    // Messages are stored in the order they came; a cancel or ping need not wait for that.
    const sentBefore = accepting;
    if (frame.type === "message")
      accepting = sentBefore.then(() => carryOut(frame, sentBefore)).catch(refuse);
    else carryOut(frame, sentBefore).catch(refuse);
  }

  socket.on("message", (bytes, isBinary) => {
    const frame = isBinary ? null : readFrame(String(bytes));
    if (frame === null) {
      return refuse(new RequestError(400, "invalid_frame", "Expected a message, cancel or ping as JSON."));
    }
    take(frame);
  });
  socket.on("pong", () => {
    answersBeat = true;
  });
  const beat = setInterval(() => {
    if (!answersBeat) return socket.terminate();
    answersBeat = false;
    socket.ping();
    deps.keyStands().then((stands) => {
      if (!stands) revoked();
    }, refuse);
  }, BEAT_MS);
  const forgetKey = deps.onKeyRevoked(revoked);
  socket.on("error", () => socket.terminate());
  socket.on("close", () => {
    clearInterval(beat);
    forgetKey();
    closed.abort();
    for (const leave of sessions.values()) leave();
  });
  watch(session.id);
  catchUp().catch(refuse);
}

function readFrame(text: string): Frame | null {
  try {
    return frameSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
