import { setTimeout as delay } from "node:timers/promises";
import type { FakeTelegram } from "../support/fake-telegram.ts";
import { type Acknowledged, answeredBy } from "./traffic.ts";

/** Answers as the platform received them, with the time of each. */
export interface Ledger {
  /** All texts sent to a chat, in order, including repetitions. */
  answers(chat: number): { n: number; text: string; at: number }[];
  has(chat: number, n: number): boolean;
}

/** The results for the messages that were acknowledged during one fault. */
export interface Verdict {
  messages: number;
  /** Posts that were not acknowledged, so that the platform repeated them. */
  refused: number;
  lost: string[];
  /** Sent more than once, and the delivery is marked as a possible duplicate. */
  markedTwice: string[];
  unmarkedTwice: string[];
  outOfOrder: string[];
  /** Milliseconds from the end of the fault to the next answer, and until all waiting messages were answered. */
  firstAnswerMs: number;
  caughtUpMs: number;
}

/** Records the messages that the platform receives; `at` is the time of receipt. */
export function followAnswers(fake: Pick<FakeTelegram, "onSent">): Ledger {
  const chats = new Map<number, { n: number; text: string; at: number }[]>();
  fake.onSent((sent) => {
    const n = answeredBy(sent.text);
    if (n === null) return;
    const known = chats.get(sent.chatId) ?? [];
    chats.set(sent.chatId, known);
    known.push({ n, text: sent.text, at: Date.now() });
  });
  return {
    answers: (chat) => chats.get(chat) ?? [],
    has: (chat, n) => (chats.get(chat) ?? []).some((answer) => answer.n === n),
  };
}

/** Waits until everything acknowledged is answered, or nothing has come for `quietMs`. */
export async function settle(
  acknowledged: readonly Acknowledged[],
  ledger: Ledger,
  quietMs = 30_000,
): Promise<void> {
  let open = Number.POSITIVE_INFINITY;
  for (let since = Date.now(); Date.now() - since < quietMs; ) {
    const now = acknowledged.filter(({ chat, n }) => !ledger.has(chat, n)).length;
    if (now === 0) return;
    if (now < open) since = Date.now();
    open = now;
    await delay(20);
  }
}

/** Judges one period of traffic by the messages that the platform received. */
export function judge(
  acknowledged: readonly Acknowledged[],
  ledger: Ledger,
  { faultEndedAt, refused, marked }: { faultEndedAt: number; refused: number; marked: ReadonlySet<string> },
): Verdict {
  const chats = [...new Set(acknowledged.map(({ chat }) => chat))];
  const twice = chats.flatMap((chat) => repetitions(ledger.answers(chat)));
  const first = (chat: number, n: number) =>
    ledger.answers(chat).find((answer) => answer.n === n)?.at ?? Number.NaN;
  const after = chats.flatMap((chat) => ledger.answers(chat)).filter(({ at }) => at >= faultEndedAt);
  const waiting = acknowledged.filter(({ at }) => at <= faultEndedAt).map(({ chat, n }) => first(chat, n));
  return {
    messages: acknowledged.length,
    refused,
    lost: acknowledged.filter(({ chat, n }) => !ledger.has(chat, n)).map(({ chat, n }) => `${chat}/${n}`),
    markedTwice: twice.filter((text) => marked.has(text)),
    unmarkedTwice: twice.filter((text) => !marked.has(text)),
    outOfOrder: chats.flatMap((chat) => overtaken(ledger.answers(chat))),
    firstAnswerMs: Math.max(0, Math.min(...after.map(({ at }) => at)) - faultEndedAt),
    caughtUpMs: Math.max(0, ...waiting.map((at) => at - faultEndedAt)),
  };
}

function repetitions(answers: readonly { text: string }[]): string[] {
  return answers.flatMap(({ text }, at) =>
    answers.findIndex((each) => each.text === text) < at ? [text] : [],
  );
}

/** Answers that came for the first time after the answer to a later message. */
function overtaken(answers: readonly { n: number; text: string }[]): string[] {
  let newest = 0;
  const seen = new Set<number>();
  return answers.flatMap(({ n, text }) => {
    if (seen.has(n)) return [];
    seen.add(n);
    if (n < newest) return [text];
    newest = n;
    return [];
  });
}
