import { setTimeout as delay } from "node:timers/promises";
import { message, patiently, post } from "../stories/conversations.ts";
import { OPERATOR_KEY, type World } from "./world.ts";

/** A conversation that a person answers during a fault. */
export interface Handover {
  /** Hands the conversation back and judges it. Returns the broken promises, in words. */
  finish(): Promise<string[]>;
}

const BEFORE = "before the handoff";
const MEANWHILE = ["while a person answers", "and once more"];
const PERSON = ["A person says this.", "And that."];
const AFTER = "after the handoff";
const echo = (text: string) => `You said: ${text}`;

/**
 * Lets a person take over a conversation while a fault happens. Each step is repeated until a process accepts it. From
 * the answer to the first call on, the bot says nothing; every word of the person arrives; then the bot answers again.
 */
export async function startHandover(world: World, chat: number): Promise<Handover> {
  await acknowledged(world, chat, BEFORE);
  await patiently(() => {
    if (!said(world, chat).includes(echo(BEFORE)))
      throw new Error("the bot did not answer before the handoff");
  });
  const session = await sessionOf(world, chat);
  const during = (async () => {
    await call(world, session, "", { reason: "torture" }, `${chat}-ask`);
    for (const [nth, text] of MEANWHILE.entries()) {
      await acknowledged(world, chat, text);
      await call(world, session, "/reply", { content: PERSON[nth] }, `${chat}-reply-${nth}`);
    }
  })();

  return {
    async finish() {
      await during;
      await call(world, session, "/release", { resume: "next" }, `${chat}-release`);
      await acknowledged(world, chat, AFTER);
      const due = [echo(BEFORE), ...PERSON, echo(AFTER)];
      await patiently(() => {
        if (due.some((text) => !said(world, chat).includes(text))) throw new Error("something is missing");
      }).catch(() => undefined);
      const texts = said(world, chat);
      const first = texts.filter((text, at) => texts.indexOf(text) === at);
      const marked = await world.markedDouble();
      const twice = texts.filter((text, at) => texts.indexOf(text) < at && !marked.has(text));
      return [
        ...due.filter((text) => !texts.includes(text)).map((text) => `never arrived: ${text}`),
        ...MEANWHILE.filter((text) => texts.includes(echo(text))).map((text) => `the bot answered: ${text}`),
        ...(JSON.stringify(first) === JSON.stringify(due) ? [] : [`arrived as: ${first.join(" | ")}`]),
        ...twice.map((text) => `twice without a mark: ${text}`),
      ];
    },
  };
}

const said = (world: World, chat: number) =>
  world.fake.sent.filter(({ chatId }) => chatId === chat).map(({ text }) => text);

async function acknowledged(world: World, chat: number, text: string): Promise<void> {
  const update = message(chat, text);
  await untilDone(async () => (await post(anyOf(world), update)) === 200);
}

async function sessionOf(world: World, chat: number): Promise<string> {
  let id: string | undefined;
  await untilDone(async () => {
    const users = await ask(world, `/users?identifier=${chat}`);
    const sessions = await ask(world, `/chat/sessions?user_id=${users.data?.[0]?.id}`);
    id = sessions.data?.[0]?.id;
    return id !== undefined;
  });
  return id ?? "";
}

async function call(world: World, session: string, act: string, body: object, key: string): Promise<void> {
  await untilDone(async () => {
    const { status } = await fetch(`${anyOf(world)}/api/v1/chat/sessions/${session}/handoff${act}`, {
      method: "POST",
      headers: { ...credentials, "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify(body),
    });
    return status < 300;
  });
}

const credentials = { authorization: `Bearer ${OPERATOR_KEY}` };

async function ask(world: World, path: string) {
  const response = await fetch(`${anyOf(world)}/api/v1${path}`, { headers: credentials });
  return (await response.json()) as { data?: { id: string }[] };
}

/** Returns a process that exists now. */
function anyOf(world: World): string {
  const urls = world.urls();
  return urls[Math.floor(Math.random() * urls.length)] ?? "";
}

/** Repeats a call through any outage. The longest fault lasts some seconds. */
async function untilDone(attempt: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await attempt().catch(() => false))) {
    if (Date.now() > deadline) throw new Error("no process accepted a call for a minute");
    await delay(50);
  }
}
