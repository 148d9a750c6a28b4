import { useState } from "preact/hooks";
import { useLive } from "../live/use-live.ts";
import { callApi, wordsOf } from "../server/call.ts";
import type { Agent, Page, SessionRow } from "../server/wire.ts";

const EVERY_MS = 30_000;

/** The messages to a bot, as the API renders them. */
export interface RenderedPrompt {
  messages: { role: "system" | "user" | "assistant"; content: string }[];
}

/** The open conversations of an agent, and the prompt in the chosen one. */
export function usePrompt(agent: Agent) {
  const { data } = useLive(
    `preview ${agent.id}`,
    (signal) =>
      callApi<Page<SessionRow>>("GET", `/chat/sessions?agent_id=${agent.id}&status=active&limit=20`, {
        signal,
      }),
    EVERY_MS,
  );
  const [chosen, choose] = useState<string | null>(null);
  const [rendered, setRendered] = useState<RenderedPrompt | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const sessions = data?.data ?? [];
  const session = sessions.find(({ id }) => id === chosen) ?? sessions[0];

  /** @param words the user's next message; empty: none. */
  async function show(words: string): Promise<void> {
    if (session === undefined) return;
    setFailure(null);
    try {
      const content = words.trim();
      const body = content === "" ? {} : { content };
      setRendered(await callApi<RenderedPrompt>("POST", `/chat/sessions/${session.id}/render`, { body }));
    } catch (error) {
      setRendered(null);
      setFailure(wordsOf(error));
    }
  }

  return { sessions, session, choose, show, rendered, failure };
}
