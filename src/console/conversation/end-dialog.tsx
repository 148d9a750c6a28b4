import { useEffect, useState } from "preact/hooks";
import { tick } from "../live/feed.ts";
import { callApi } from "../server/call.ts";
import type { AgentVersion, Session } from "../server/wire.ts";
import { Modal } from "../shell/modal.tsx";
import { go, hrefOf } from "../shell/route.ts";
import { endRules, seedOf } from "./end-rules.ts";

export type Ending = "end" | "reset";

/** Ends a conversation, or starts it over. It asks if the rules for its end must run. */
export function EndDialog(props: { session: Session; ending: Ending; onClose: () => void }) {
  const { session, ending } = props;
  const version = useVersion(session);
  const [chosen, setTriggerEvents] = useState<boolean | null>(null);
  const [opening, setOpening] = useState<"prompt" | "text" | "nothing">("prompt");
  const [typed, setTyped] = useState<string | null>(null);
  const hasRules = version !== null && endRules(version.definition);
  const triggerEvents = chosen ?? hasRules;
  const words = typed ?? (opening === "prompt" && version ? seedOf(version.definition) : "");

  async function carryOut(): Promise<void> {
    const path = `/chat/sessions/${session.id}/${ending}`;
    const begin = ending === "end" || opening === "nothing" ? {} : { [opening]: words.trim() };
    const result = await callApi<Session>("POST", path, {
      body: { trigger_events: triggerEvents, ...begin },
    });
    tick();
    if (ending === "reset") go(hrefOf("conversations", result.id, location.search.slice(1)));
  }

  return (
    <Modal
      title={ending === "end" ? "End this conversation" : "Start over"}
      act={ending === "end" ? "End conversation" : "Start over"}
      isDangerous
      onSubmit={carryOut}
      onClose={props.onClose}
    >
      <p>
        {ending === "end"
          ? "What still waits for an answer is cancelled. The user's next message opens a new conversation."
          : "This conversation ends, and a new one begins with the same user. The bot will not remember what was said here."}
      </p>
      <label class="check">
        <input
          type="checkbox"
          checked={triggerEvents}
          onChange={({ currentTarget }) => setTriggerEvents(currentTarget.checked)}
        />
        <span>
          Run the agent's rules for the end
          {version !== null && !hasRules && <small> (this agent has none)</small>}
        </span>
      </label>
      {ending === "reset" && (
        <>
          <label class="field">
            <span>The new conversation begins with</span>
            <select
              value={opening}
              onChange={({ currentTarget }) => setOpening(currentTarget.value as typeof opening)}
            >
              <option value="prompt">an instruction to the bot</option>
              <option value="text">these words, sent as they stand</option>
              <option value="nothing">the user's next message</option>
            </select>
          </label>
          {opening !== "nothing" && (
            <label class="prompt">
              <span>{opening === "prompt" ? "Instruction" : "Words"}</span>
              <textarea
                required
                rows={3}
                dir="auto"
                value={words}
                onInput={({ currentTarget }) => {
                  // A text of blanks is empty, but the browser does not count it as empty.
                  const isBlank = currentTarget.value.trim() === "";
                  currentTarget.setCustomValidity(isBlank ? "Write something here." : "");
                  setTyped(currentTarget.value);
                }}
              />
            </label>
          )}
        </>
      )}
    </Modal>
  );
}

/** The agent's version of a session; null until it is loaded. */
function useVersion({ agent_id: agent, agent_version: number }: Session): AgentVersion | null {
  const [version, setVersion] = useState<AgentVersion | null>(null);
  useEffect(() => {
    const over = new AbortController();
    callApi<AgentVersion>("GET", `/agents/${agent}/versions/${number}`, { signal: over.signal })
      .then(setVersion)
      // Without it nothing is prefilled, and everything can still be chosen.
      .catch(() => undefined);
    return () => over.abort();
  }, [agent, number]);
  return version;
}
