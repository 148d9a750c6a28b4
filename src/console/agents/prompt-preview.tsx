import { useState } from "preact/hooks";
import type { Agent, SessionRow } from "../server/wire.ts";
import { Choice } from "../shell/choice.tsx";
import { Problem } from "../shell/problem.tsx";
import { userName } from "../shell/user-name.ts";
import { type RenderedPrompt, usePrompt } from "./use-prompt.ts";

/** Shows the exact messages that an agent's bot would get in a conversation. The bot is not called. */
export function PromptPreview({ agent }: { agent: Agent }) {
  const { sessions, session, choose, show, rendered, failure } = usePrompt(agent);
  const [words, setWords] = useState("");
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
            void show(words);
          }}
        >
          <div class="pair">
            <Choice label="In the conversation with" value={session.id} onChange={choose}>
              {sessions.map((one) => [one.id, nameOf(one)])}
            </Choice>
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
      <Problem>{failure}</Problem>
      {rendered !== null && <PromptMessages rendered={rendered} />}
    </section>
  );
}

const nameOf = ({ user, channel, agent_version: version }: SessionRow) =>
  `${userName(user)} (${channel}, version ${version})`;

function PromptMessages({ rendered }: { rendered: RenderedPrompt }) {
  return (
    <ol class="prompt-messages" aria-label="Messages to the bot">
      {rendered.messages.map(({ role, content }, index) => (
        <li key={index}>
          <span class="chip">{role}</span>
          <p dir="auto">{content}</p>
        </li>
      ))}
    </ol>
  );
}
