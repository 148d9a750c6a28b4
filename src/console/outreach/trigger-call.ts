import { readPeople } from "./people-list.ts";

/** Most people of one call. */
export const MOST_PEOPLE = 100;

/** The form, as somebody filled it in. */
export interface Outreach {
  agent: string;
  channel: string;
  /** One identifier in each line, or a table. */
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

/** The exact call that the form makes: one user, or a batch. */
export function triggerCall(form: Outreach): TriggerCall {
  const people = readPeople(form.to).map(({ identifier, participantData }) => ({
    identifier,
    ...(Object.keys(participantData).length === 0 ? {} : { participant_data: participantData }),
  }));
  const common = {
    agent_id: form.agent,
    channel: form.channel,
    [form.kind]: form.words.trim(),
    ...(form.startNew ? { start_new_session: true } : {}),
  };
  const [only] = people;
  if (people.length === 1 && only !== undefined) {
    return { path: "/trigger_bot_message", body: { ...common, ...only } };
  }
  return {
    path: "/trigger_bot_message/batch",
    body: { ...common, items: people },
  };
}
