/** The form, as somebody filled it in. */
export interface Outreach {
  agent: string;
  channel: string;
  /** One identifier in each line. */
  to: string;
  kind: "prompt_text" | "message_text";
  words: string;
  startNew: boolean;
}

/** A call of the API. */
export interface TriggerCall {
  path: string;
  body: Record<string, unknown>;
}

/** The identifiers of the form, each once. */
export function identifiersOf(to: string): string[] {
  return [...new Set(to.split("\n").map((line) => line.trim()))].filter((line) => line !== "");
}

/** The exact call that the form makes: one user, or a batch. */
export function triggerCall(form: Outreach): TriggerCall {
  const identifiers = identifiersOf(form.to);
  const common = {
    agent_id: form.agent,
    channel: form.channel,
    [form.kind]: form.words.trim(),
    ...(form.startNew ? { start_new_session: true } : {}),
  };
  const [only] = identifiers;
  if (identifiers.length === 1 && only !== undefined) {
    return { path: "/trigger_bot_message", body: { ...common, identifier: only } };
  }
  return {
    path: "/trigger_bot_message/batch",
    body: { ...common, items: identifiers.map((identifier) => ({ identifier })) },
  };
}
