import type { ApiClient } from "./api-client.ts";
import { CallError } from "./call-error.ts";
import { createOutbox, newClientId, type Outbox, type OutboxItem } from "./outbox.ts";
import type { WireMessage } from "./wire.ts";

/** Outgoing messages of one session, or of the session that the first message will open. */
export interface Box {
  /** It stays the same when the session is opened. */
  place: string;
  sessionId: string | null;
  outbox: Outbox;
}

export interface Boxes {
  of(sessionId: string | null): Box;
  /** The session of a box. If there is none, it is opened once, even for several callers. */
  sessionOf(box: Box): Promise<string>;
  /** The server is reachable again. */
  hurry(): void;
  hasUnsent(): boolean;
  /** The messages of all chats that have not arrived, oldest first. */
  unsent(): OutboxItem[];
  /** Deletes everything, also unsent messages. */
  clear(): void;
}

/** The outboxes of a visitor's chats. */
export function createBoxes(deps: {
  api: Pick<ApiClient, "openSession" | "sendMessage">;
  onChange(): void;
  /** The server does not know the visitor (any more). */
  onUnknown(error: CallError): void;
  /** A session was opened for the messages of a new chat. */
  onOpened(sessionId: string): Promise<void>;
  /** @param sessionId the session it was sent to. It may be stored in the session that follows. */
  onSent(sessionId: string, stored: WireMessage): Promise<void>;
}): Boxes {
  const { api } = deps;
  let boxes: Box[] = [];
  const opening = new Map<Box, Promise<string>>();

  async function sessionOf(box: Box): Promise<string> {
    if (box.sessionId !== null) return box.sessionId;
    const known = opening.get(box);
    if (known) return known;
    const opened = open(box).finally(() => opening.delete(box));
    opening.set(box, opened);
    return opened;
  }

  async function open(box: Box): Promise<string> {
    const { id } = await api.openSession();
    box.sessionId = id;
    await deps.onOpened(id);
    return id;
  }

  async function send(box: Box, item: OutboxItem): Promise<void> {
    try {
      await deliver(box, item);
    } catch (error) {
      if (error instanceof CallError && error.status === 401) deps.onUnknown(error);
      throw error;
    }
  }

  async function deliver(box: Box, item: OutboxItem): Promise<void> {
    const sessionId = await sessionOf(box);
    const { content, clientId, payload, attachments = [] } = item;
    const stored = await api.sendMessage(sessionId, {
      content,
      client_message_id: clientId,
      ...(payload === undefined ? {} : { payload }),
      ...(attachments.length === 0 ? {} : { attachment_ids: attachments.map(({ id }) => id) }),
    });
    await deps.onSent(sessionId, stored);
  }

  return {
    of(sessionId) {
      const known = boxes.find((box) => box.sessionId === sessionId);
      if (known) return known;
      const outbox = createOutbox({ send: (item) => send(box, item), onChange: deps.onChange });
      const box: Box = { place: newClientId(), sessionId, outbox };
      boxes.push(box);
      return box;
    },
    sessionOf,
    hurry() {
      for (const { outbox } of boxes) outbox.hurry();
    },
    hasUnsent: () => boxes.some(({ outbox }) => outbox.items().length > 0),
    unsent: () => boxes.flatMap(({ outbox }) => outbox.items()),
    clear() {
      boxes = [];
    },
  };
}
