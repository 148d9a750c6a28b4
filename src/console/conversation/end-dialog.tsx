import { useState } from "preact/hooks";
import { tick } from "../live/feed.ts";
import { callApi } from "../server/call.ts";
import type { Session } from "../server/wire.ts";
import { Check } from "../shell/check.tsx";
import { Modal } from "../shell/modal.tsx";
import { go, hrefOf } from "../shell/route.ts";
import { endRules, seedOf } from "./end-rules.ts";
import { Opening, type OpeningKind } from "./opening.tsx";
import { useVersion } from "./use-version.ts";

export type Ending = "end" | "reset";

const WORDS: Readonly<Record<Ending, { title: string; act: string; says: string }>> = {
  end: {
    title: "End this conversation",
    act: "End conversation",
    says: "What still waits for an answer is cancelled. The user's next message opens a new conversation.",
  },
  reset: {
    title: "Start over",
    act: "Start over",
    says: "This conversation ends, and a new one begins with the same user. The bot will not remember what was said here.",
  },
};

/** Ends a conversation, or starts it over. It asks if the rules for its end must run. */
export function EndDialog(props: { session: Session; ending: Ending; onClose: () => void }) {
  const { session, ending } = props;
  const version = useVersion(session);
  const [chosen, setTriggerEvents] = useState<boolean | null>(null);
  const [opening, setOpening] = useState<OpeningKind>("prompt");
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

  const { title, act, says } = WORDS[ending];
  return (
    <Modal title={title} act={act} isDangerous onSubmit={carryOut} onClose={props.onClose}>
      <p>{says}</p>
      <Check checked={triggerEvents} onChange={setTriggerEvents}>
        Run the agent's rules for the end
        {version !== null && !hasRules && <small> (this agent has none)</small>}
      </Check>
      {ending === "reset" && <Opening kind={opening} onKind={setOpening} words={words} onWords={setTyped} />}
    </Modal>
  );
}
