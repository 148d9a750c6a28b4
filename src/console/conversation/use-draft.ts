import { useEffect, useState } from "preact/hooks";
import { createEventReader, type ReceivedEvent } from "../../web-chat/chat/event-reader.ts";
import { tick } from "../live/feed.ts";
import type { Execution } from "../server/wire.ts";

/** An answer while the bot writes it. */
export interface Draft {
  text: string;
  /** The tool that the bot uses at the moment. */
  tool: string | null;
}

const EMPTY: Draft = { text: "", tool: null };

/** Follows a turn that is running. Null: there is none. */
export function useDraft(execution: Execution | null): Draft | null {
  const id = execution?.id ?? null;
  const [held, setHeld] = useState<{ id: string | null; draft: Draft }>({ id: null, draft: EMPTY });
  useEffect(() => {
    if (id === null) return;
    const over = new AbortController();
    setHeld({ id, draft: EMPTY });
    const follow = (event: ReceivedEvent) =>
      setHeld((before) => (before.id === id ? { id, draft: withEvent(before.draft, event) } : before));
    // A broken stream shows no more text. The next load gets the finished answer.
    void read(id, follow, over.signal)
      .catch(() => undefined)
      .finally(() => over.signal.aborted || tick());
    return () => over.abort();
  }, [id]);
  return id === null ? null : held.id === id ? held.draft : EMPTY;
}

/** The draft after one more event of its stream. Pure. */
function withEvent(draft: Draft, { event, data }: Pick<ReceivedEvent, "event" | "data">): Draft {
  const body: unknown = JSON.parse(data);
  const { content, name } = body as { content?: string; name?: string };
  switch (event) {
    case "content":
      return { ...draft, text: draft.text + (content ?? "") };
    case "tool_start":
      return { ...draft, tool: name ?? null };
    case "tool_end":
      return { ...draft, tool: null };
    default:
      return draft;
  }
}

async function read(id: string, onEvent: (event: ReceivedEvent) => void, signal: AbortSignal): Promise<void> {
  const response = await fetch(`/api/v1/executions/${id}/stream`, { signal });
  if (!response.ok || response.body === null) return;
  const take = createEventReader();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const event of take(value)) onEvent(event);
  }
}
