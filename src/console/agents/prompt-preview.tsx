import { useState } from "preact/hooks";
import { useLive } from "../live/use-live.ts";
import { callApi, wordsOf } from "../server/call.ts";
import type { Agent, Page, SessionRow } from "../server/wire.ts";
import { userName } from "../shell/user-name.ts";

const EVERY_MS = 30_000;

interface Rendered {
  messages: { role: "system" | "user" | "assistant"; content: string }[];
}

/** Shows the exact messages that an agent's bot would get in a conversation. The bot is not called. */
export function PromptPreview({ agent }: { agent: Agent }) {
  const { data } = useLive(
    `preview ${agent.id}`,
    (signal) =>
      callApi<Page<SessionRow>>("GET", `/chat/sessions?agent_id=${agent.id}&status=active&limit=20`, {
        signal,
      }),
    EVERY_MS,
  );
  const [chosen, setChosen] = useState<string | null>(null);
  const [words, setWords] = useState("");
  const [rendered, setRendered] = useState<Rendered | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const sessions = data?.data ?? [];
  const session = sessions.find(({ id }) => id === chosen) ?? sessions[0];

  async function show(): Promise<void> {
    if (session === undefined) return;
    setFailure(null);
    try {
      const content = words.trim();
      const body = content === "" ? {} : { content };
      setRendered(await callApi<Rendered>("POST", `/chat/sessions/${session.id}/render`, { body }));
    } catch (error) {
      setRendered(null);
      setFailure(wordsOf(error));
    }
  }

  return (
    <section class="card" aria-label={`Prompt of ${agent.name}`}>
      <h3>Prompt preview</h3>
      {session === undefined ? (
        <p class="hint">A preview needs an open conversation with this agent. There is none.</p>
      ) : (
        <form
          class="data-editor"
          onSubmit={(event) => {
            event.preventDefault();
            void show();
          }}
        >
          <div class="pair">
            <label class="field">
              <span>In the conversation with</span>
              <select value={session.id} onChange={({ currentTarget }) => setChosen(currentTarget.value)}>
                {sessions.map(({ id, user, channel, agent_version: version }) => (
                  <option key={id} value={id}>
                    {userName(user)} ({channel}, version {version})
                  </option>
                ))}
              </select>
            </label>
            <label class="field">
              <span>If they wrote (optional)</span>
              <input
                value={words}
                dir="auto"
                onInput={({ currentTarget }) => setWords(currentTarget.value)}
              />
            </label>
          </div>
          <div class="form-line">
            <button type="submit" class="button">
              Show the prompt
            </button>
          </div>
        </form>
      )}
      {failure !== null && (
        <p class="problem" role="alert">
          {failure}
        </p>
      )}
      {rendered !== null && (
        <ol class="prompt-messages" aria-label="Messages to the bot">
          {rendered.messages.map(({ role, content }, index) => (
            <li key={index}>
              <span class="chip">{role}</span>
              <p dir="auto">{content}</p>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
