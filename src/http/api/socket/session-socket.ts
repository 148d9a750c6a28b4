import { setMaxListeners } from "node:events";
import type { RawData, WebSocket } from "ws";
import { overloaded, RequestError } from "../../../core/faults/errors.ts";
import { newId } from "../../../core/ids.ts";
import type { Logger } from "../../../core/process/logger.ts";
import { storableText } from "../../../core/text/text.ts";
import type { SessionView } from "../../../sessions/session-view.ts";
import type { ExecutionQueries } from "../../../turns/answering/execution-queries-repository.ts";
import type { Conversation } from "../messages/conversation.ts";
import { toNewMessage } from "../messages/message-body.ts";
import { eventsOf } from "../messages/message-events.ts";
import { startBeat } from "./socket-beat.ts";
import { createSocketCancel } from "./socket-cancel.ts";
import { type Frame, type MessageFrame, readFrame } from "./socket-frames.ts";
import { createIntake, type RawFrame } from "./socket-intake.ts";
import { createSocketOutput } from "./socket-output.ts";
import { createSocketTurns } from "./socket-turns.ts";

/** The turns that a socket shows, and the messages that it takes. */
export interface SocketConversations {
  conversation: Conversation;
  executions: Pick<ExecutionQueries, "find" | "open" | "behind">;
  cancelExecution(executionId: string): Promise<boolean>;
  /** Calls the listener when a turn begins in a session, on any process. Returns a function that stops listening. */
  watch(sessionId: string, onTurn: (executionId: string) => void): () => void;
}

export interface SessionSocketDeps {
  conversations: SocketConversations;
  key: SocketKey;
  /** Reserves memory for a frame until it is handled; null if there is none. */
  takeRoom(bytes: number): (() => void) | null;
  log: Logger;
}

/** The API key that opened the socket. */
export interface SocketKey {
  /** Returns true if the key is still valid. */
  stands(): Promise<boolean>;
  /** Calls the listener once the key is revoked. Returns a function that stops listening. */
  onRevoked(listener: () => void): () => void;
  /** Counts a message against the key's limit. Throws the 429. */
  takeRate(): void;
}

/** The place where a client continues after it lost its connection. */
export interface SocketResume {
  executionId: string;
  lastEventId: number;
}

/** Frames of one client. People type slowly, and programs have the API. */
const FRAME_RATE = { perMinute: 1_200, burst: 100 };
/** Maximum number and bytes of one client's messages and cancels that are handled at the same time. */
const MOST_UNDER_WAY = { count: 16, bytes: 2 * 1024 * 1024 };
/** Close codes from 4000 belong to the application. */
const KEY_REVOKED = 4401;

/** Serves one open socket until it closes. It sends the turns of its session and accepts messages and cancels. */
export function serveSocket(
  socket: WebSocket,
  session: SessionView,
  resume: SocketResume | null,
  deps: SessionSocketDeps,
): void {
  const { key } = deps;
  const { conversation, executions, cancelExecution } = deps.conversations;
  const closed = new AbortController();
  // Each shown turn adds a listener.
  setMaxListeners(0, closed.signal);
  const sessions = new Map<string, () => void>();
  let accepting: Promise<void> = Promise.resolve();

  const { send, refuse, show } = createSocketOutput(socket, session.id, deps.log);
  const follow = createSocketTurns({
    find: (executionId) => executions.find(session.workspaceId, executionId),
    events: (executionId, afterId) => conversation.events(executionId, afterId, closed.signal),
    show,
    refuse,
  });

  /** Watches a session, and also the session that replaces it. */
  function watch(sessionId: string): void {
    if (sessions.has(sessionId)) return;
    const onTurn = (executionId: string) => void follow(executionId, sessionId);
    sessions.set(sessionId, deps.conversations.watch(sessionId, onTurn));
  }

  async function catchUp(): Promise<void> {
    if (resume) {
      await follow(resume.executionId, session.id, resume.lastEventId);
      for (const id of await executions.behind(resume.executionId)) await follow(id, session.id);
    }
    for (const id of await executions.open(session.id)) await follow(id, session.id);
  }

  async function accept(frame: MessageFrame): Promise<void> {
    const current = await conversation.session(session.workspaceId, session.id);
    const messageKey =
      frame.idempotency_key === undefined ? newId() : `socket:${storableText(frame.idempotency_key)}`;
    const sent = await conversation.send(current, toNewMessage(frame, messageKey, frame.traceparent));
    watch(sent.sessionId);
    if (sent.kind === "turn") void follow(sent.executionId, sent.sessionId);
    else await show(eventsOf(conversation, sent, 0, closed.signal), null, sent.sessionId);
  }

  const { workspaceId } = session;
  const shown = () => [...sessions.keys()];
  const cancel = createSocketCancel({ executions, cancelExecution, workspaceId, shown });
  const revoked = (): void => socket.close(KEY_REVOKED, "the API key was revoked");

  async function withKey(task: () => Promise<void>): Promise<void> {
    try {
      if (await key.stands()) await task();
      else revoked();
    } catch (error) {
      refuse(error);
    }
  }

  /** Messages are stored in the order of their arrival. A cancel does not wait for them. */
  function start(frame: Exclude<Frame, { type: "ping" }>): Promise<void> {
    const sentBefore = accepting;
    if (frame.type === "cancel") return withKey(() => cancel(frame.execution_id, sentBefore));
    accepting = sentBefore.then(() => withKey(() => accept(frame)));
    return accepting;
  }

  function carryOut(raw: RawFrame): Promise<void> | null {
    const frame = readFrame(raw);
    if ("type" in frame && frame.type === "ping") {
      // A revoked key closes its sockets, so a ping needs no check.
      void send({ id: null, event: "pong", data: {}, execution_id: null, session_id: session.id });
      return null;
    }
    try {
      if ("problem" in frame) throw invalidFrame(frame.problem);
      if (frame.type === "message") key.takeRate();
      const leave = deps.takeRoom(raw.bytes.length);
      if (leave === null) throw overloaded();
      return start(frame).finally(leave);
    } catch (error) {
      refuse(error);
      return null;
    }
  }

  function end(): void {
    endBeat();
    intake.close();
    forgetKey();
    closed.abort();
    for (const leave of sessions.values()) leave();
  }

  const intake = createIntake(socket, carryOut, { rate: FRAME_RATE, most: MOST_UNDER_WAY });
  socket.on("message", (data, isBinary) => intake.take({ bytes: bytesOf(data), isBinary }));
  const endBeat = startBeat(socket, intake.isHeld, () => {
    key.stands().then((stands) => {
      if (!stands) revoked();
    }, refuse);
  });
  const forgetKey = key.onRevoked(revoked);
  socket.on("error", () => socket.terminate());
  socket.on("close", end);
  watch(session.id);
  catchUp().catch(refuse);
}

function invalidFrame(problem: string): RequestError {
  const message = `Expected a message, cancel or ping as JSON: ${problem}.`;
  return new RequestError(400, "invalid_frame", message);
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
