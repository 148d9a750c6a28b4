import type { ComponentChild } from "preact";
import type { ChatState } from "../chat/chat-state.ts";
import type { Draft } from "../chat/draft.ts";
import { isAnswering } from "../chat/transcript.ts";
import type { WireMessage } from "../chat/wire.ts";
import { fill, useWords } from "../locales/words.ts";
import { useView } from "./context.ts";
import { Answer, Said } from "./message.tsx";
import { Welcome } from "./welcome.tsx";

/** After a silence this long the time is shown again, milliseconds. */
const PAUSE_MS = 2 * 3600 * 1000;

/** A session: stored messages, outgoing messages, unfinished answers. */
export function Transcript({ state, greeting }: { state: ChatState; greeting: string | null }) {
  const { conversation } = useView();
  const words = useWords();
  const { transcript } = state;
  const isEmpty = transcript.messages.length === 0 && state.outbox.length === 0;
  if (state.refused && isEmpty) {
    return (
      <div class="messages">
        <p class="refused" role="alert">
          {words.notHere}
        </p>
      </div>
    );
  }
  return (
    <div class="messages">
      {transcript.hasEarlier ? (
        <p class="note">
          <button type="button" class="link" onClick={() => void conversation.loadEarlier()}>
            {words.earlier}
          </button>
        </p>
      ) : (
        !state.loading && <Welcome channel={state.channel} greeting={greeting} isEmpty={isEmpty} />
      )}
      {entriesOf(state)}
      <Typing state={state} />
      {transcript.status === "completed" && <p class="note">{words.ended}</p>}
    </div>
  );
}

function entriesOf(state: ChatState): ComponentChild[] {
  const { messages, drafts } = state.transcript;
  const entries: ComponentChild[] = [];
  const keys = new Set<string>();
  const placed = new Set<Draft>();
  const arrived = new Set(messages.map((message) => message.client_message_id));
  const outgoing = state.outbox.filter(({ clientId }) => !arrived.has(clientId));
  let before: WireMessage | null = null;
  let speaker: string | null = null;
  for (const [index, message] of messages.entries()) {
    const pause = before === null || isPause(before, message);
    if (pause) entries.push(<Moment key={`moment ${message.id}`} at={message.created_at} before={before} />);
    const next = messages[index + 1];
    const place = {
      isFirst: pause || message.role !== speaker,
      isLast: next === undefined || next.role !== message.role || isPause(message, next),
      isAnswerable: next === undefined && outgoing.length === 0,
      isRateable: state.channel?.ratings,
      isNewest: next === undefined && outgoing.length === 0,
      chosen: next === undefined ? (outgoing[0] ?? null) : next.role === "user" ? next : null,
    };
    const Kind = message.role === "assistant" ? Answer : Said;
    entries.push(<Kind key={keyOf(message, keys)} message={message} {...place} />);
    before = message;
    speaker = message.role;
    // The text of a stopped answer is shown at the place of the answer.
    const stopped = drafts.find((draft) => draft.stopped && draft.executionId === message.execution_id);
    if (message.role === "user" && stopped && isShown(stopped)) {
      entries.push(draftView(stopped, true));
      placed.add(stopped);
      speaker = "assistant";
    }
  }
  for (const item of outgoing) {
    entries.push(<Said key={item.clientId} item={item} isFirst={speaker !== "user"} {...LAST} />);
    speaker = "user";
  }
  for (const draft of drafts) {
    if (!isShown(draft) || placed.has(draft)) continue;
    entries.push(draftView(draft, speaker !== "assistant"));
    speaker = "assistant";
  }
  return entries;
}

const LAST = { isLast: true, isAnswerable: false };

const isShown = ({ text, failure, stopped }: Draft): boolean => text !== "" || failure !== null || stopped;

const draftView = (draft: Draft, isFirst: boolean) => (
  <Answer key={`answer ${draft.executionId}`} draft={draft} isFirst={isFirst} {...LAST} />
);

/** An outgoing message and an unfinished answer keep their places when they are stored. */
function keyOf(message: WireMessage, taken: Set<string>): string {
  const answer = `answer ${message.execution_id}`;
  const isAnswer = message.role === "assistant" && message.execution_id !== null && !taken.has(answer);
  const key = isAnswer ? answer : (message.client_message_id ?? message.id);
  taken.add(key);
  return key;
}

const isPause = (one: WireMessage, next: WireMessage): boolean =>
  new Date(one.created_at).toDateString() !== new Date(next.created_at).toDateString() ||
  Date.parse(next.created_at) - Date.parse(one.created_at) > PAUSE_MS;

/** The day of the next messages, or their time after a long silence. */
function Moment({ at, before }: { at: string; before: WireMessage | null }) {
  const { times } = useView();
  const isSameDay = before !== null && times.day(before.created_at) === times.day(at);
  return <p class="note">{isSameDay ? times.time(at) : times.day(at)}</p>;
}

/** Shows that an answer without text is being written, and the bot's activity meanwhile. */
function Typing({ state: { transcript } }: { state: ChatState }) {
  const { title } = useView();
  const words = useWords();
  if (!isAnswering(transcript)) return null;
  const current = transcript.drafts.find(({ failure, stopped }) => failure === null && !stopped);
  const { activity = null, text = "" } = current ?? {};
  if (activity === null && text !== "") return null;
  return (
    <p class="typing" part="typing">
      <span class="dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {activity === null && <span class="hidden">{fill(words.writing, { name: title })}</span>}
      {activity?.kind === "thinking" && words.thinking}
      {activity?.kind === "tool" && fill(words.using, { tool: activity.name })}
    </p>
  );
}
