import { WebClient } from "@slack/web-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createPeople, type People } from "../../src/channels/slack/people.ts";
import { quietSlackLogger } from "../../src/channels/slack/web-api.ts";
import type { Logger } from "../../src/core/process/logger.ts";
import { type FakeSlack, startFakeSlack } from "../support/fake-slack.ts";

let fake: FakeSlack;
let people: People;
let warnings: unknown[];
let now: number;

beforeEach(async () => {
  fake = await startFakeSlack();
  warnings = [];
  now = 0;
  const options = { slackApiUrl: fake.apiUrl, retryConfig: { retries: 0 }, logger: quietSlackLogger };
  const client = new WebClient(fake.botToken, options);
  const ignore = () => undefined;
  const warn = (fields: Record<string, unknown>) => void warnings.push(fields["reason"]);
  const log: Logger = { child: () => log, debug: ignore, info: ignore, error: ignore, warn };
  people = createPeople(
    async () => client,
    log,
    () => now,
  );
});
afterEach(() => fake.close());

const asked = () => fake.calls.filter(({ method }) => method === "users.info").length;

test("an unknown person causes no warning about scopes, and a missing scope causes exactly one", async () => {
  expect(await people.nameOf(null, "U0GONE0001")).toBeNull();
  expect(warnings).toEqual([]);
  fake.fail({ error: "missing_scope" }, { method: "users.info", times: 2 });
  expect(await people.nameOf(null, "U0ADA00001")).toBeNull();
  expect(await people.nameOf(null, "U0BOB00001")).toBeNull();
  expect(warnings).toEqual([expect.stringContaining("missing_scope")]);

  fake.people.set("U0ADA00001", { name: "ada" });
  now += 2 * 60_000;
  expect(await people.nameOf(null, "U0ADA00001")).toBe("ada");
  fake.fail({ error: "missing_scope" }, { method: "users.info" });
  expect(await people.nameOf(null, "U0CID00001")).toBeNull();
  expect(warnings).toHaveLength(2);
});

test("data about the writer in an event needs no call, and does not replace requested data", async () => {
  people.note(null, "U0EVE00001", { name: "Eve", team: null });
  expect(await people.nameOf(null, "U0EVE00001")).toBe("Eve");
  expect(asked()).toBe(0);
  fake.people.set("U0EVE00001", { name: "eve", team_id: "T0EVE" });
  expect(await people.teamOf(null, "U0EVE00001")).toBe("T0EVE");
  people.note(null, "U0EVE00001", { name: null, team: null });
  expect(await people.nameOf(null, "U0EVE00001")).toBe("Eve");
  expect(await people.nameOf("T0OTHER", "U0EVE00001")).toBe("eve");
  expect(asked()).toBe(2);
});
