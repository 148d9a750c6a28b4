import { readPeople } from "./people-list.ts";

/** Maximum number of people in one call. */
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
  /** Sends in quiet hours too. */
  disturb: boolean;
}

/** The result of the message to one user. */
export interface OutreachResult {
  identifier: string;
  session_id?: string;
  sends_at?: string;
  error?: { message: string };
}

/** A call of the API. */
export interface TriggerCall {
  path: string;
  body: Record<string, unknown>;
}

/** The call that checks what would happen to the message. */
export function checkCall(form: Outreach): TriggerCall {
  const items = peopleOf(form).slice(0, MOST_PEOPLE);
  return {
    path: "/trigger_bot_message/check",
    body: { agent_id: form.agent, channel: form.channel, items },
  };
}

function peopleOf({ to }: Outreach) {
  return readPeople(to).map(({ identifier, participantData }) => ({
    identifier,
    ...(Object.keys(participantData).length === 0 ? {} : { participant_data: participantData }),
  }));
}

/** The exact call that the form makes: one user, or a batch. */
export function triggerCall(form: Outreach): TriggerCall {
  const people = peopleOf(form);
  const common = {
    agent_id: form.agent,
    channel: form.channel,
    [form.kind]: form.words.trim(),
    ...(form.startNew ? { start_new_session: true } : {}),
    ...(form.disturb ? { ignore_quiet_hours: true } : {}),
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
