import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ChannelDefinition } from "../../src/channels/channel-definition.ts";
import { channelDefinitions } from "../../src/channels/registry.ts";
import { newId } from "../../src/core/ids.ts";
import { newSecret } from "../../src/keys/api-key.ts";
import { createKeyRepository } from "../../src/keys/key-repository.ts";
import { kindSamples } from "../channels/samples.ts";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { testPool } from "../support/postgres.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { newVisitor } from "../support/web-visitor.ts";
import { ownedRows, unclassified } from "./row-owners.ts";
import { identityToken, PUBLIC_URL } from "./secrets.ts";

/** A conversation. `fact` is what the bot may remember there, for this user, channel and agent. */
interface Conversation {
  name: string;
  fact: string;
  say(text: string): Promise<void>;
}

const definitions: Record<string, ChannelDefinition> = channelDefinitions;
const PEOPLE = [0, 1];
const CHATS = [0, 1];
const AGENTS = { coach: { bot: { type: "scripted" }, participantData: "prompt" } };
const agents = { ...AGENTS, nurse: AGENTS.coach };

/** Texts of other conversations that the bot could see. */
const leaks: string[] = [];
const answered = new Set<string>();
let app: TestApp;
let pool: pg.Pool;
let folder: string;

/** The bot repeats its input and remembers it. It reports everything that it can see of other conversations. */
const bot = createScriptedBot((call) => {
  void (async () => {
    const [text = ""] = call.texts;
    const [said = "", fact = ""] = text.split(" ");
    const seen = JSON.stringify([
      await call.turn.prompt(),
      await call.turn.history(),
      await call.turn.participantData(),
    ]);
    const own = new Set([said.split("#")[0], fact]);
    for (const [, name = ""] of seen.matchAll(/((?:say|fact):[\w/+@:-]+)/g))
      if (!own.has(name)) leaks.push(`${said}: ${name}`);
    answered.add(said);
    call.reply({ replies: [{ content: `You said: ${text}` }], participantData: { remembered: fact } });
  })().catch(call.fail);
});

async function post(path: string, headers: Record<string, string>, body: string): Promise<void> {
  const answer = await fetch(`${app.url}${path}`, { method: "POST", headers, body });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

/** Conversations on each channel with webhooks: two people, each in two chats if the kind has several. */
function byWebhook(): Conversation[] {
  return kindSamples.flatMap(([kind, { channels }]) => {
    const chats = definitions[kind]?.capabilities.sessions === "many" ? CHATS : [0];
    return channels.flatMap(({ name: channel, webhook }) =>
      PEOPLE.flatMap((person) =>
        chats.map((chat) => ({
          name: `say:${channel}/${person}/${chat}`,
          fact: `fact:${channel}/${person}`,
          async say(text: string) {
            // The first chat has a number too. A top-level message would open a conversation of its own.
            const body = webhook?.body({ text, person, chat: chat + 1 }) ?? "";
            if (webhook) await post(`/webhooks/${channel}`, webhook.sign(body), body);
          },
        })),
      ).filter(() => webhook !== null),
    );
  });
}

/** Visitors of the web page. The data of an anonymous visitor belongs to a single session. */
async function byPage(): Promise<Conversation[]> {
  const made: Conversation[] = [];
  for (const named of [true, false])
    for (const person of PEOPLE) {
      const visitor = await newVisitor(app.url, named ? { identity_token: identityToken(`p${person}`) } : {});
      for (const chat of CHATS) {
        const session = await visitor.openSession();
        const who = `web/${named ? "named" : "anonymous"}/${person}`;
        made.push({
          name: `say:${who}/${chat}`,
          fact: `fact:${who}${named ? "" : `/${chat}`}`,
          say: async (text) => expect((await visitor.send(session, text)).status).toBe(202),
        });
      }
    }
  return made;
}

/** Callers of the API, in two workspaces, with two agents of one name in each. */
async function byCall(): Promise<Conversation[]> {
  const { rows } = await pool.query("SELECT id FROM workspaces WHERE slug = 'other'");
  const secret = newSecret();
  const key = { id: newId(), workspaceId: rows[0].id, name: "other", scopes: ["admin" as const], secret };
  await createKeyRepository(app.app.engine.database).create(key);
  const made: Conversation[] = [];
  for (const [workspace, authorization] of [
    ["default", `Bearer ${app.apiKey}`],
    ["other", `Bearer ${secret}`],
  ] as const)
    for (const agent of Object.keys(agents))
      for (const person of PEOPLE)
        for (const chat of CHATS) {
          const call = (path: string, body: object) => app.api("POST", path, body, { authorization });
          const user = { identifier: `p${person}` };
          const { body: session } = await call("/chat/sessions", { agent_id: agent, user });
          made.push({
            name: `say:api/${workspace}/${agent}/${person}/${chat}`,
            fact: `fact:api/${workspace}/${agent}/${person}`,
            async say(content) {
              const { status } = await call(`/chat/sessions/${session.id}/messages`, { content });
              expect(status).toBe(201);
            },
          });
        }
  return made;
}

/** Conversations on each kind without webhooks. A new kind needs its own entry. */
const OTHER_KINDS: Record<string, () => Promise<Conversation[]>> = { web: byPage, api: byCall };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "causeway-meet-"));
  const channels = Object.fromEntries(
    kindSamples.flatMap(([kind, samples]) =>
      samples.channels.map(({ name, config }) => [name, { kind, agent: "coach", ...config }]),
    ),
  );
  const files = {
    "one.json": { workspace: "default", agents, channels },
    "two.json": { workspace: "other", agents, channels: { api: { kind: "api", agent: "coach" } } },
  };
  for (const [name, file] of Object.entries(files)) await writeFile(join(folder, name), JSON.stringify(file));
  const names = Object.keys(files).map((name) => join(folder, name));
  app = await startTestApp({
    bots: { scripted: bot.definition },
    env: { CAUSEWAY_PUBLIC_URL: PUBLIC_URL, CAUSEWAY_CONFIG: names.join(",") },
  });
  pool = testPool(app.database.url, 2);
});
afterAll(async () => {
  await pool.end();
  await app[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

test("every table and every key of the database has a known owner", async () => {
  expect(await unclassified(pool)).toEqual([]);
});

test("two people, chats, agents and workspaces never share anything, in any order of messages", async () => {
  const silent = kindSamples.filter(([, { channels }]) => channels.every(({ webhook }) => webhook === null));
  const others = await Promise.all(silent.map(([kind]) => OTHER_KINDS[kind]?.() ?? Promise.reject(kind)));
  const conversations = [...byWebhook(), ...others.flat()];
  let round = 0;
  const order = fc.shuffledSubarray(conversations, { minLength: conversations.length });
  await fc.assert(
    fc.asyncProperty(order, async (speaking) => {
      round += 1;
      const said = speaking.map(({ name }) => `${name}#${round}`);
      await Promise.all(speaking.map(({ say, fact }, nth) => say(`${said[nth]} ${fact}`)));
      await eventually(() => expect(said.filter((text) => !answered.has(text))).toEqual([]));
    }),
    { numRuns: 2, endOnFailure: true },
  );
  expect(leaks).toEqual([]);
  const rows = await ownedRows(pool);
  // Every key of a row, and of the rows that it leads to, names the same owner.
  const torn = rows.filter(({ owners }) => Object.values(owners).some((found) => found.size > 1));
  expect(torn.map(({ table, owners }) => [table, owners])).toEqual([]);
  const homes = new Map<string, string>();
  for (const { table, text, owners } of rows) {
    const names = new Set([...text.matchAll(/say:[\w/-]+/g)].map(([name]) => name));
    const facts = new Set([...text.matchAll(/fact:[\w/-]+/g)].map(([name]) => name));
    expect([table, names.size < 2, facts.size < 2]).toEqual([table, true, true]);
    const [session] = owners.sessions;
    for (const name of session === undefined ? [] : names) {
      expect([name, homes.get(name) ?? session]).toEqual([name, session]);
      homes.set(name, session ?? "");
    }
  }
  // Each conversation is one session of its own.
  expect([...homes.keys()].sort()).toEqual(conversations.map(({ name }) => name).sort());
  expect(new Set(homes.values()).size).toBe(homes.size);
});
