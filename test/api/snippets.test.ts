import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { Causeway, type Session } from "../../src/client/index.ts";
import { startChatApp } from "./chat-app.ts";

// Exact copies, because people will paste them.
const CREATE = `
const session = await client.chat.createSession({
  agentId: 'your-agent-id',
  title: 'Support Conversation',
  metadata: {
    channel: 'web',
    user_id: 'external-user-123',
  },
})

const sessionId = session.id
`;
const SEND = `
const response = await client.chat.sendMessage(sessionId, {
  content: 'Hi, I need help with my account.',
})

console.log(response.content)
`;
const STREAM = `
for await (const event of client.chat.sendMessageStream(session.id, {
  content: 'Hello!',
})) {
  if (event.type === 'content') process.stdout.write(event.content)
  if (event.type === 'done') break
}
`;
const HISTORY = `
const messages = await client.chat.listMessages(sessionId)

for (const message of messages.data) {
  console.log(\`[\${message.role}]: \${message.content}\`)
}
`;
const MANAGE = `
const sessions = await client.chat.listSessions({ page: 1, limit: 20 })

for (const session of sessions.data) {
  console.log(\`\${session.title} - \${session.createdAt}\`)
}
const details = await client.chat.getSession(sessionId)
const all = await client.chat.listMessages(sessionId, { page: 1, limit: 100 })

console.log(\`Title: \${details.title}\`)
console.log(\`Messages: \${all.data.length}\`)

await client.chat.deleteSession(sessionId)
`;
const SITUATION = `
const session = await client.sessions.create({
  agentId: agent.id,
  userId: user.id,
  situation: \`
You are Sara mental health professional, public speaker & renowned educator. You are licensed to be an intimacy and relationship coach. You are  an NLP coach who is qualified to deal with trauma, self-perceptions
About you:
...
Important guidelines:
...
\`,
  metadata: { db_uuid: '1234' },
})
const same = await client.sessions.get(session.id)
const found = await client.sessions.list({ metadataFilter: { db_uuid: '1234' } })
const updated = await client.sessions.update(session.id, {
  situation: 'You are summarising and providing clear explanations about the new breakthroughs in maths and computer science',
})
`;

/** Runs a program with those names in scope. Returns the variables that `leaves` names. */
async function run(program: string, names: Record<string, unknown>, leaves = "{}"): Promise<unknown> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-snippet-"));
  try {
    const file = join(directory, "snippet.mjs");
    const parameters = Object.keys(names).join(", ");
    await writeFile(file, `export default async ({ ${parameters} }) => {${program}\nreturn ${leaves};\n};\n`);
    const { default: main } = await import(/* @vite-ignore */ pathToFileURL(file).href);
    return await main(names);
  } finally {
    await rm(directory, { recursive: true });
  }
}

const lines: string[] = [];
const console = { log: (line: string) => void lines.push(line) };
const process = { stdout: { write: (text: string) => void lines.push(text) } };

it("the snippets of the chat calls run unchanged", async () => {
  await using app = await startChatApp({ agents: { "your-agent-id": { bot: { type: "echo" } } } });
  const client = new Causeway({ apiKey: app.apiKey, baseUrl: app.url });
  lines.length = 0;
  await run(CREATE + SEND + STREAM + HISTORY + MANAGE, { client, console, process });
  expect(lines).toEqual([
    "You said: Hi, I need help with my account.",
    "You said: Hello!",
    "[user]: Hi, I need help with my account.",
    "[assistant]: You said: Hi, I need help with my account.",
    "[user]: Hello!",
    "[assistant]: You said: Hello!",
    expect.stringMatching(/^Support Conversation - \d{4}-\d\d-\d\dT[\d:.]{12}Z$/),
    "Title: Support Conversation",
    "Messages: 4",
  ]);
  expect((await client.sessions.list()).meta.total).toBe(0);
});

it("the snippets of sessions with a situation and metadata run unchanged", async () => {
  await using app = await startChatApp();
  const client = new Causeway({ apiKey: app.apiKey, baseUrl: app.url });
  const known = await client.sessions.create({ agentId: "echo", user: { identifier: "known" } });
  const names = { client, agent: { id: known.agentId }, user: { id: known.userId } };
  const { session, same, found, updated } = (await run(
    SITUATION,
    names,
    "{ session, same, found: found.data, updated }",
  )) as Record<"session" | "same" | "updated", Session> & { found: Session[] };
  const user = { id: known.userId, identifier: "known", name: null };
  expect([same, found]).toEqual([session, [{ ...session, lastMessage: null, user }]]);
  expect(session).toMatchObject({
    userId: known.userId,
    agentId: known.agentId,
    situation: expect.stringMatching(/^\nYou are Sara[\s\S]*Important guidelines:\n\.\.\.\n$/),
    summary: null,
    metadata: { db_uuid: "1234" },
    renderTemplates: false,
  });
  const { situation, updatedAt } = updated;
  expect(updated).toEqual({ ...session, situation, updatedAt });
  expect(situation).toMatch(/^You are summarising/);
});
