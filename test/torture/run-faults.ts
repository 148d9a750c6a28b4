import { setTimeout as delay } from "node:timers/promises";
import { telegramConfig } from "../stories/conversations.ts";
import { startFakeTelegram } from "../support/fake-telegram.ts";
import type { Fault } from "./faults.ts";
import { startHandover } from "./handover.ts";
import { seededRandom, shuffled } from "./random.ts";
import { startTraffic } from "./traffic.ts";
import { followAnswers, judge, settle, type Verdict } from "./verdict.ts";
import { buildWorld, type Queue } from "./world.ts";

export interface Outcome {
  fault: Fault;
  verdict: Verdict;
  /** Broken promises of a handoff during the fault. */
  handoff: string[];
}

/** The chats that a person answers begin here. */
const HANDED = 500_000;
/** Time of writing before a fault, and after it. */
const AROUND_MS = 300;

/**
 * Runs every fault while people write, in an order from the seed. It repeats them until the time is up, at least once.
 * Effects after the end of one fault count for the next one.
 */
export async function runFaults(options: {
  queue: Queue;
  seed: number;
  /** 0 for one round. */
  minutes: number;
  /** The faults to choose from. */
  faults: readonly Fault[];
  processes: { web: number; worker: number };
  perSecond: number;
  /** A person also takes over one conversation during each fault. */
  handoffs: boolean;
  said(line: string): void;
}): Promise<Outcome[]> {
  const random = seededRandom(options.seed);
  await using fake = await startFakeTelegram();
  const ledger = followAnswers(fake);
  await using world = await buildWorld({
    queue: options.queue,
    fake,
    config: (apiRoot) => configuration({ url: apiRoot, token: fake.token }),
  });
  for (const role of ["web", "worker"] as const) {
    for (let count = 0; count < options.processes[role]; count += 1) await world.start(role);
  }

  const outcomes: Outcome[] = [];
  const deadline = Date.now() + options.minutes * 60_000;
  let firstChat = 1_000;
  do {
    for (const fault of shuffled(options.faults, random)) {
      if (fault.possible?.(world) === false) continue;
      const traffic = startTraffic({
        urls: world.urls,
        chats: 12,
        perSecond: options.perSecond,
        firstChat,
        random,
      });
      firstChat += 100;
      await delay(AROUND_MS);
      const handover = options.handoffs ? await startHandover(world, HANDED + firstChat) : null;
      await fault.happen(world, traffic);
      const endedAt = Date.now();
      await delay(AROUND_MS);
      await traffic.stop();
      await settle(traffic.acknowledged, ledger);
      const verdict = judge(traffic.acknowledged, ledger, {
        faultEndedAt: endedAt,
        refused: traffic.refused(),
        marked: await world.markedDouble(),
      });
      const outcome = { fault, verdict, handoff: (await handover?.finish()) ?? [] };
      outcomes.push(outcome);
      options.said(describeOutcome(outcome));
    }
  } while (Date.now() < deadline);
  return outcomes;
}

/** Returns true if an outcome breaks a promise: a loss, a reordering, or a second send without an excuse, a broken handoff. */
export function isBroken({ fault, verdict, handoff }: Outcome): boolean {
  const { lost, outOfOrder, unmarkedTwice, markedTwice } = verdict;
  return (
    lost.length + outOfOrder.length + unmarkedTwice.length + handoff.length > 0 ||
    (!fault.mayDouble && markedTwice.length > 0)
  );
}

function describeOutcome({ fault, verdict, handoff }: Outcome): string {
  const { messages, refused, lost, markedTwice, unmarkedTwice, outOfOrder, firstAnswerMs, caughtUpMs } =
    verdict;
  const wrong = { lost, unmarkedTwice, outOfOrder, handoff, ...(fault.mayDouble ? {} : { markedTwice }) };
  const said = Object.entries(wrong).flatMap(([what, texts]) =>
    texts.length > 0 ? [`${what}: ${texts.slice(0, 5).join(", ")} (${texts.length})`] : [],
  );
  return `${fault.name}: ${messages} messages, ${refused} refused at first, first answer after ${firstAnswerMs} ms, caught up after ${caughtUpMs} ms${
    markedTwice.length > 0 ? `, ${markedTwice.length} twice and marked` : ""
  }${said.map((each) => `\n  BROKEN ${each}`).join("")}`;
}

function configuration(fake: { url: string; token: string }) {
  const echo = telegramConfig(fake);
  const hanging = telegramConfig(fake, {
    bot: { type: "script", sequence: [{ say: "late", delayMs: 600_000 }] },
  });
  return {
    ...echo,
    agents: { ...echo.agents, sleeper: { ...hanging.agents.talker, turns: { timeoutMs: 500, attempts: 1 } } },
    channels: { ...echo.channels, hanging: { ...hanging.channels.telegram, agent: "sleeper" } },
  };
}
