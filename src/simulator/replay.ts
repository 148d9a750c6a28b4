import { setTimeout as delay } from "node:timers/promises";
import { comparable, type Run, type RunMessage, type Step } from "./run.ts";

export interface ReplayOptions {
  run: Run;
  /** Calls the control API of a simulator. Rejects if the call is refused. */
  call(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Time limit for one expectation. */
  timeoutMs: number;
  print(line: string): void;
}

/** Plays a saved run and compares what people see. True if all of it is as it was. */
export async function replay({ run, call, timeoutMs, print }: ReplayOptions): Promise<boolean> {
  await call("POST", "/reset", {});
  for (const [index, step] of run.steps.entries()) {
    const number = `${index + 1}/${run.steps.length}`;
    if (!("expect" in step)) {
      print(`${number} ${describe(step)}`);
      await play(step);
      continue;
    }
    const difference = await waitFor(step.expect);
    if (difference !== null) {
      print(`${number} ${describe(step)}: differs\n${difference}`);
      return false;
    }
    print(`${number} ${describe(step)}: as expected`);
  }
  return true;

  async function play(step: Exclude<Step, { expect: unknown }>): Promise<void> {
    if ("say" in step) {
      const { platform, chat, thread, reply_to: replyTo, ...body } = step.say;
      const { bot } = body;
      const [root, answered] = await Promise.all([
        thread === undefined ? null : messageAt({ platform, chat, bot }, thread),
        replyTo === undefined ? null : messageAt({ platform, chat, bot }, replyTo),
      ]);
      await call("POST", `/${platform}/chats/${encodeURIComponent(chat)}/messages`, {
        ...body,
        ...(root && { thread: root.thread ?? root.id }),
        ...(answered && { reply_to: answered.id }),
      });
    } else if ("press" in step) {
      const { platform, chat, ...body } = step.press;
      await call("POST", `/${platform}/chats/${encodeURIComponent(chat)}/press`, body);
    } else if ("open" in step) {
      const { platform, chat, ...body } = step.open;
      await call("POST", `/${platform}/chats/${encodeURIComponent(chat)}/open`, body);
    } else if ("edit" in step) {
      const { platform, chat, ...body } = step.edit;
      await call("POST", `/${platform}/chats/${encodeURIComponent(chat)}/edit`, body);
    } else if ("react" in step) {
      const { platform, chat, ...body } = step.react;
      await call("POST", `/${platform}/chats/${encodeURIComponent(chat)}/react`, body);
    } else if ("block" in step) {
      const { platform, chat, ...body } = step.block;
      await call("POST", `/${platform}/chats/${encodeURIComponent(chat)}/block`, body);
    } else if ("business" in step) {
      const { platform, account, ...body } = step.business;
      await call("POST", `/${platform}/business/${encodeURIComponent(account)}`, body);
    } else if ("fault" in step) await call("POST", "/faults", step.fault);
    else if ("clock" in step) await call("POST", "/clock", step.clock);
    else await call("DELETE", "/faults");
  }

  /** The message at a place of a chat; null if the chat has fewer. */
  async function messageAt(
    { platform, chat, bot }: { platform: string; chat: string; bot?: string | undefined },
    place: number,
  ): Promise<{ id: string; thread?: string } | null> {
    const query = bot === undefined ? "" : `?bot=${encodeURIComponent(bot)}`;
    const path = `/${platform}/chats/${encodeURIComponent(chat)}${query}`;
    const seen = (await call("GET", path)) as { id: string; thread?: string }[];
    return seen[place] ?? null;
  }

  /** Waits until the chat shows these messages; otherwise the difference in words. */
  async function waitFor({
    platform,
    chat,
    bot,
    messages,
  }: Extract<Step, { expect: unknown }>["expect"]): Promise<string | null> {
    const query = bot === undefined ? "" : `?bot=${encodeURIComponent(bot)}`;
    const wanted = messages.map(lineOf).join("\n");
    for (const deadline = Date.now() + timeoutMs; ; ) {
      const seen = (await call(
        "GET",
        `/${platform}/chats/${encodeURIComponent(chat)}${query}`,
      )) as RunMessage[];
      const shown = seen
        .map((message) => comparable(message))
        .map(lineOf)
        .join("\n");
      if (shown === wanted) return null;
      if (Date.now() > deadline) return `expected:\n${wanted}\nseen:\n${shown}`;
      await delay(100);
    }
  }
}

function describe(step: Step): string {
  if ("say" in step) return `${step.say.platform} ${step.say.chat} says "${step.say.text}"`;
  if ("press" in step) return `${step.press.platform} ${step.press.chat} presses "${step.press.label}"`;
  if ("open" in step) return `${step.open.platform} ${step.open.chat} opens the chat`;
  if ("react" in step) return `${step.react.platform} ${step.react.chat} reacts with ${step.react.emoji}`;
  if ("edit" in step) return `${step.edit.platform} ${step.edit.chat} edits "${step.edit.message}"`;
  if ("block" in step)
    return `${step.block.platform} ${step.block.chat} ${step.block.blocked ? "blocks" : "unblocks"}`;
  if ("business" in step)
    return `${step.business.platform} ${step.business.account} ${step.business.connected ? "connects" : "disconnects"} the bot`;
  if ("fault" in step) return `fault ${step.fault.fault} on ${step.fault.platform}`;
  if ("clock" in step) return `the clock moves ${step.clock.forward_seconds} s`;
  if ("expect" in step)
    return `${step.expect.platform} ${step.expect.chat} sees ${step.expect.messages.length} messages`;
  return "faults end";
}

function lineOf({ from, text, buttons = [], edited }: RunMessage): string {
  const marks = [...(edited ? ["edited"] : []), ...buttons.map((label) => `[${label}]`)];
  return `  ${from}: ${[text, ...marks].join(" ")}`;
}
