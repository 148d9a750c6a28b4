import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Causeway } from "../../src/client/index.ts";
import type { TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { startChatApp } from "./chat-app.ts";

let app: TestApp;
let client: Causeway;
beforeAll(async () => {
  app = await startChatApp();
  client = new Causeway({ apiKey: app.apiKey, baseUrl: app.url });
});
afterAll(() => app[Symbol.asyncDispose]());

const collect = async <T>(items: AsyncIterable<T>) => {
  const seen: T[] = [];
  for await (const item of items) seen.push(item);
  return seen;
};

describe("the client", () => {
  it("shows agents and their versions, with the definition as it was written", async () => {
    const coach = await client.agents.get("coach");
    expect(coach).toMatchObject({
      slug: "coach",
      currentVersion: 1,
      variables: expect.arrayContaining([expect.objectContaining({ name: "user_name", declared: true })]),
      definition: { variables: { preferred_exercise: { required: true } } },
    });
    expect((await collect(client.agents.list({ limit: 1 }))).map(({ slug }) => slug)).toContain("coach");
    const [version] = (await client.agents.listVersions(coach.id)).data;
    expect(version).toEqual(await client.agents.getVersion("coach", 1));
  });

  it("stores data about a user, and does not overwrite newer changes", async () => {
    const { userId } = await client.sessions.create({
      agentId: "echo",
      user: { identifier: "ada", name: "Ada" },
    });
    const user = await client.users.get(userId ?? "");
    expect((await client.users.list({ channel: "api", identifier: "ada" })).data).toEqual([user]);

    expect(await client.users.reveal(user.id)).toEqual(user);

    const first = await client.users.replaceData(user.id, "echo", { favouriteTea: "green", old_key: 1 });
    const second = await client.users.mergeData(
      user.id,
      "echo",
      { old_key: null, nestedKey: { inner_key: true } },
      { ifMatch: first.etag },
    );
    expect(second.data).toEqual({ favouriteTea: "green", nestedKey: { inner_key: true } });
    expect(await client.users.getData(user.id, "echo")).toEqual(second);
    const late = client.users.replaceData(user.id, "echo", {}, { ifMatch: first.etag });
    await expect(late).rejects.toMatchObject({ status: 412, code: "precondition_failed" });

    await client.users.delete(user.id);
    await expect(client.users.get(user.id)).rejects.toMatchObject({ status: 404, code: "user_not_found" });
  });

  it("lets the bot send a message now or later, and shows the sent messages", async () => {
    const to = { agentId: "echo", channel: "api", identifier: "grace" };
    const { sessionId, deliveryIds } = await client.triggers.send({ ...to, messageText: "Good morning!" });
    const delivery = await client.deliveries.get(deliveryIds?.[0] ?? "");
    expect(delivery).toMatchObject({ sessionId, content: "Good morning!", possibleDuplicate: false });
    await eventually(async () => {
      const [sent] = (await client.deliveries.list({ sessionId: sessionId ?? "" })).data;
      expect(sent).toMatchObject({ id: delivery.id, status: expect.stringMatching(/^(sent|delivered)$/) });
    });
    await expect(client.deliveries.retry(delivery.id)).rejects.toMatchObject({ status: 409 });
    await expect(client.deliveries.resolve(delivery.id, { status: "sent" })).rejects.toMatchObject({
      status: 409,
    });

    const batch = await client.triggers.sendBatch({
      agentId: "echo",
      channel: "api",
      messageText: "Hello, all",
      items: [{ identifier: "grace" }, { identifier: "ada", messageText: "Hello, Ada" }],
    });
    expect(batch.data).toMatchObject([
      { identifier: "grace", status: "accepted", sessionId },
      { identifier: "ada", status: "accepted" },
    ]);

    const schedule = await client.schedules.create({
      ...to,
      messageText: "Lunch?",
      attachments: [{ url: "https://example.org/menu.pdf", contentType: "application/pdf" }],
      every: "1d",
      timezone: "UTC",
    });
    expect(schedule).toMatchObject({
      madeBy: "operator",
      attachments: [{ url: "https://example.org/menu.pdf", name: null, contentType: "application/pdf" }],
    });
    const paused = await client.schedules.update(schedule.id, { status: "paused", name: "lunch" });
    expect(paused).toMatchObject({ every: "1d", status: "paused", name: "lunch", nextRunAt: null, runs: 0 });
    expect(await collect(client.schedules.list({ agentId: "echo" }))).toEqual([paused]);
    expect(await collect(client.schedules.listRuns(schedule.id))).toEqual([]);
    const once = await client.schedules.create({
      ...to,
      messageText: "Now.",
      rrule: "FREQ=SECONDLY;COUNT=1",
    });
    await eventually(async () =>
      expect(await collect(client.schedules.listRuns(once.id))).toMatchObject([
        { dueAt: expect.any(String), status: "delivered", deliveryIds: [expect.any(String)] },
      ]),
    );
    expect((await client.failures.list({ kind: "schedule" })).data).toEqual([]);
    await expect(client.failures.retry(schedule.id)).rejects.toMatchObject({ code: "failure_not_found" });
    const { identifier, ...place } = to;
    const asked = { ...place, items: [{ identifier }] };
    expect((await client.triggers.check(asked)).data).toMatchObject([
      { identifier, user: { identifier }, reachable: { ok: true }, quietUntil: null, session: {} },
    ]);
    await client.schedules.delete(schedule.id);
    expect((await client.schedules.get(schedule.id)).status).toBe("cancelled");
  });

  it("creates and revokes keys, and shows channels and the results of event rules", async () => {
    const key = await client.keys.create({ name: "Reports", scopes: ["sessions:read"] });
    const reader = new Causeway({ apiKey: key.secret, baseUrl: app.url });
    expect((await reader.sessions.list()).data).toBeInstanceOf(Array);
    await expect(reader.keys.list()).rejects.toMatchObject({ status: 403, code: "insufficient_scope" });
    expect((await collect(client.keys.list())).map(({ prefix }) => prefix)).toContain(key.prefix);
    await client.keys.delete(key.id);
    await expect(reader.sessions.list({}, { maxRetries: 0 })).rejects.toMatchObject({ status: 401 });
    expect((await client.audit.list({ operation: "deleteApiKey" })).data[0]).toMatchObject({
      actor: { keyName: "operator", via: "api" },
      targets: [key.id],
      before: { scopes: ["sessions:read"] },
    });

    const channels = await collect(client.channels.list({ limit: 1 }));
    expect(channels.map(({ name }) => name).sort()).toEqual(["api", "other"]);
    expect(channels).toMatchObject([{ kind: "api", state: "ok", lastError: null }, { kind: "api" }]);
    const found = { where: "channels.api.webhook", severity: "ok", what: expect.any(String), fix: null };
    expect(await client.channels.check("api")).toEqual({ ok: true, findings: [found] });
    await expect(client.channels.check("none")).rejects.toMatchObject({ code: "channel_not_found" });
    const { id } = await client.sessions.create({ agentId: "echo" });
    expect((await client.sessions.listEvents(id)).data).toEqual([]);
  });
});

/** The fields of an interface of the client, with those that it inherits. */
function fieldsOf(source: string, name: string): string[] | null {
  const found = new RegExp(`export interface ${name}(?: extends ([^{]*?))? \\{\\n([\\s\\S]*?)\\n\\}`).exec(
    source,
  );
  if (!found) return null;
  const [, parent, body = ""] = found;
  const own = [...body.matchAll(/^ {2}(\w+)\??:/gm)].map((field) => field[1] ?? "");
  return [...((parent && fieldsOf(source, parent)) || []), ...own];
}

it("the client's types name exactly the fields in the OpenAPI document", async () => {
  const folder = new URL("../../src/client/", import.meta.url);
  const source = readdirSync(folder)
    .map((file) => readFileSync(new URL(file, folder), "utf8"))
    .join("\n");
  const { body: document } = await app.api("GET", "/openapi.json");
  const schemas: Record<string, { properties?: object }> = document.components.schemas;
  const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const compared = Object.entries(schemas).flatMap(([name, { properties = {} }]) => {
    const fields = name === "Answer" ? null : fieldsOf(source, name);
    return fields ? [{ name, fields: fields.sort(), wire: Object.keys(properties).map(camel).sort() }] : [];
  });
  expect(compared.map(({ name, fields }) => ({ name, fields }))).toEqual(
    compared.map(({ name, wire }) => ({ name, fields: wire })),
  );
  expect(compared.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      "Session",
      "Message",
      "Execution",
      "Agent",
      "User",
      "Delivery",
      "Schedule",
      "ApiKey",
    ]),
  );
});

it("the client's page names exactly the methods of the client", () => {
  const page = readFileSync(new URL("../../docs/client.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| `client\.(\w+)` \| (.*) \|$/gm)].map(([, part = "", methods = ""]) => [
    part,
    part === "request" ? [] : [...methods.matchAll(/`(\w+)`/g)].map((method) => method[1]).sort(),
  ]);
  const parts = Object.entries(client).map(([part, methods]) => [part, Object.keys(methods).sort()]);
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(parts));
});
