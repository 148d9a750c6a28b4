import { afterAll, beforeAll, expect, test } from "vitest";
import { ATTACKS } from "./attacks.ts";
import { whileWatched } from "./watch.ts";
import { startWorld, type World } from "./world.ts";

/** Without the defences, an attack takes minutes or blocks everybody. With them, a busy machine takes seconds. */
const SECONDS = 20_000;

let world: World;
beforeAll(async () => {
  // The rate is so low that every machine refuses the flood of one address.
  const few = { burst: 20, perMinute: 0.01 };
  const many = { burst: 300, perMinute: 300 };
  const addressRates = { visitors: many, sessions: many, messages: few, wrongTokens: few, wrongKeys: few };
  world = await startWorld({}, { addressRates });
});
afterAll(() => world[Symbol.asyncDispose]());

test.each(ATTACKS.map((attack) => [attack.name, attack] as const))(
  "other clients do not wait during this attack: %s",
  async (_, attack) => {
    const target = { url: world.url, apiKey: world.app.apiKey };
    const { refused, longest } = await whileWatched(target, () => attack.begin(target));
    expect(refused).toEqual([]);
    expect(Math.max(longest.livez, longest.webhook)).toBeLessThan(SECONDS);
  },
);
