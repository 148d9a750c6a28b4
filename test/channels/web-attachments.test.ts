import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApp, type TestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { pdf, png } from "../support/files.ts";
import { callWeb, newVisitor, type WebVisitor } from "../support/web-visitor.ts";

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({
    channels: {
      web: { kind: "web", agent: "echo", attachmentTypes: ["image/*", "text/plain"] },
      closed: { kind: "web", agent: "echo", attachmentTypes: [] },
    },
    env: { CAUSEWAY_ATTACHMENT_MIB: "1" },
  });
});
afterAll(() => app[Symbol.asyncDispose]());

/** Uploads a file as a page does. */
async function upload(
  visitor: WebVisitor,
  session: string,
  content: Buffer,
  type = "image/png",
  name = "a.png",
) {
  const response = await fetch(
    `${app.url}/web/web/sessions/${session}/attachments?name=${encodeURIComponent(name)}`,
    {
      method: "POST",
      headers: { authorization: `Bearer ${visitor.token}`, "content-type": type },
      body: new Uint8Array(content),
    },
  );
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  return { status: response.status, body: (await response.json()) as any };
}

function read(visitor: { token: string }, path: string) {
  return fetch(`${app.url}/web/web${path}`, { headers: { authorization: `Bearer ${visitor.token}` } });
}

test("a visitor sends a file and sees it in the history; nobody else can read it", async () => {
  const [visitor, other] = [await newVisitor(app.url), await newVisitor(app.url)];
  const session = await visitor.openSession();
  const uploaded = await upload(visitor, session, png);
  expect(uploaded).toMatchObject({
    status: 201,
    body: { kind: "image", name: "a.png", content_type: "image/png", bytes: png.length, state: "stored" },
  });
  const message = { client_message_id: "one", attachment_ids: [uploaded.body.id] };
  const sent = await visitor.call("POST", `/sessions/${session}/messages`, message);
  expect(sent).toMatchObject({ status: 202, body: { content: "", attachments: [uploaded.body] } });
  expect((await visitor.call("POST", `/sessions/${session}/messages`, message)).body).toEqual(sent.body);
  await eventually(async () => {
    const { body } = await visitor.call("GET", `/sessions/${session}/messages`);
    expect(body.data).toMatchObject([
      { content: "", attachments: [uploaded.body] },
      { content: "You said: [image: a.png]", attachments: [] },
    ]);
  });
  using events = await visitor.events(session);
  await eventually(() => expect(events.messages()[0]).toMatchObject({ attachments: [uploaded.body] }));

  const content = await read(visitor, uploaded.body.url);
  expect(content.headers.get("content-type")).toBe("image/png");
  expect(content.headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
  expect(Buffer.from(await content.arrayBuffer()).equals(png)).toBe(true);

  const theirs = await other.openSession();
  expect((await read(other, uploaded.body.url)).status).toBe(404);
  expect((await read(other, uploaded.body.url.replace(session, theirs))).status).toBe(404);
  expect((await read({ token: "cwa_none" }, uploaded.body.url)).status).toBe(401);
  expect((await upload(other, session, png)).status).toBe(404);
  for (const id of [uploaded.body.id, "\u0000"]) {
    const stolen = { client_message_id: "two", attachment_ids: [id] };
    expect((await other.call("POST", `/sessions/${theirs}/messages`, stolen)).status).toBe(404);
  }
});

test("the type of a file is read from its content, not from its declared type", async () => {
  const visitor = await newVisitor(app.url);
  const session = await visitor.openSession();
  expect(await upload(visitor, session, pdf, "image/png")).toMatchObject({
    status: 422,
    body: { error: { code: "type_not_accepted", details: { content_type: "application/pdf" } } },
  });
  expect((await upload(visitor, session, Buffer.from("hello"), "text/plain")).status).toBe(201);
  expect((await upload(visitor, session, Buffer.from("<html>"), "text/html")).status).toBe(422);
  expect((await upload(visitor, session, Buffer.alloc(1024 * 1024 + 1, 1))).status).toBe(413);
  const { body } = await callWeb(app.url, "GET", "");
  expect(body.attachments).toEqual({ types: ["image/*", "text/plain"], max_bytes: 1024 * 1024 });
});

test("a visitor who sends too many files in a row gets 429", async () => {
  const visitor = await newVisitor(app.url);
  const session = await visitor.openSession();
  const statuses = [];
  for (let sent = 0; sent < 25; sent += 1) statuses.push((await upload(visitor, session, png)).status);
  expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 201));
  expect(statuses).toContain(429);
});
