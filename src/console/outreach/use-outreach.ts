import { useState } from "preact/hooks";
import { useNames } from "../live/names.ts";
import { callApi, wordsOf } from "../server/call.ts";
import { useAttemptKey } from "../server/use-attempt-key.ts";
import { readPeople } from "./people-list.ts";
import { MOST_PEOPLE, type Outreach, type OutreachResult, triggerCall } from "./trigger-call.ts";

/** The form of a message to people: its fields, the call that it makes, and the result. */
export function useOutreach(given: Pick<Outreach, "agent" | "channel" | "to">) {
  const { agents, channels } = useNames();
  const [typed, setTyped] = useState<Outreach>(() => ({
    ...given,
    kind: "message_text",
    words: "",
    startNew: false,
    disturb: false,
  }));
  const [results, setResults] = useState<readonly OutreachResult[]>([]);
  const [failure, setFailure] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const attempt = useAttemptKey();
  const set = (change: Partial<Outreach>) => setTyped((before) => ({ ...before, ...change }));

  const form: Outreach = {
    ...typed,
    agent: typed.agent || (agents[0]?.slug ?? ""),
    channel: typed.channel || (channels[0]?.name ?? ""),
  };
  const identifiers = readPeople(form.to).map(({ identifier }) => identifier);
  const isTooMany = identifiers.length > MOST_PEOPLE;
  const canSend = identifiers.length > 0 && !isTooMany && form.words.trim() !== "";
  const call = triggerCall(form);

  async function send(): Promise<void> {
    if (isBusy) return;
    const idempotencyKey = attempt.keyFor(call);
    setBusy(true);
    setFailure(null);
    setResults([]);
    try {
      const answer = await callApi<OutreachResult | { data: OutreachResult[] }>("POST", call.path, {
        body: call.body,
        idempotencyKey,
      });
      setResults("data" in answer ? answer.data : [{ ...answer, identifier: identifiers[0] ?? "" }]);
      attempt.forget();
      set({ words: "" });
    } catch (error) {
      setFailure(wordsOf(error));
    }
    setBusy(false);
  }

  return { form, set, identifiers, isTooMany, canSend, call, send, isBusy, failure, results };
}

export type OutreachForm = ReturnType<typeof useOutreach>;
