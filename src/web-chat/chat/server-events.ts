import type { Boxes } from "./boxes.ts";
import type { ChatListener, Notice } from "./chat-state.ts";
import type { ReadMarks } from "./read-marks.ts";
import type { ShownState } from "./shown-state.ts";
import { type Transcript, withMessages, withState, withTurn } from "./transcript.ts";
import type { StreamEvent, WireMessage } from "./wire.ts";

interface ServerEventsDeps {
  shown: ShownState;
  boxes: Boxes;
  marks: ReadMarks;
  listener: ChatListener;
  leave: (notice: Notice) => void;
}

/** Applies the server's events to the open chat and to the list of sessions. */
export function createServerEvents({ shown, boxes, marks, listener, leave }: ServerEventsDeps) {
  function amend(transcript: Transcript): void {
    shown.change({ transcript });
  }

  function take(messages: readonly WireMessage[]): void {
    const { transcript } = shown.now();
    const known = new Set(transcript.messages.map(({ id }) => id));
    amend(withMessages(transcript, messages));
    for (const message of messages) {
      // The answer to a send may be lost although the message arrived.
      if (message.client_message_id !== null)
        boxes.of(message.session_id).outbox.remove(message.client_message_id);
      if (!known.has(message.id)) listener.onMessage(message);
    }
  }

  return {
    /** Shows stored messages of the open session. */
    take,
    onEvent({ event, data }: StreamEvent): void {
      const { sessionId, transcript } = shown.now();
      if (event === "sessions") marks.showSessions(data.data);
      else if (event === "session") marks.showSession(data);
      else if (data.session_id !== sessionId) return;
      else if (event === "message") take([data]);
      else if (event === "turn") amend(withTurn(transcript, data));
      else if (event === "gone") leave("gone");
      else {
        const isOver = data.status === "completed" && transcript.status === "active";
        amend(withState(transcript, data));
        if (isOver) listener.onEnded(data.session_id);
      }
    },
  };
}
