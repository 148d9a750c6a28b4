import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { download } from "../../src/attachments/download.ts";
import type { Channel } from "../../src/channels/channel.ts";
import type { ChannelDefinition } from "../../src/channels/channel-definition.ts";
import { definition as slack } from "../../src/channels/slack/index.ts";
import { definition as whatsapp } from "../../src/channels/whatsapp/index.ts";
import { nothingKnown } from "../support/channel-values.ts";
import { quietLog } from "../support/quiet-log.ts";

/** A platform's API and its file, which only a request with the right credentials gets. */
let url: string;
let wanted = "";
const server = createServer((request, response) => {
  const path = request.url ?? "";
  const json = (body: object) =>
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (path.startsWith("/api/files.info"))
    return json({ ok: true, file: { id: "F1", mimetype: "image/png", url_private_download: `${url}/file` } });
  if (path.startsWith("/v1/media-1")) return json({ url: `${url}/file`, id: "media-1" });
  if (path.startsWith("/v1/elsewhere")) return json({ url: "https://files.example.org/x", id: "elsewhere" });
  const allowed = path === "/file" && request.headers.authorization === wanted;
  return allowed ? response.end("the file") : response.writeHead(401).end();
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise<void>((resolve) => void server.close(() => resolve())));

function channelOf<Config, Made extends Channel | Promise<Channel>>(
  definition: ChannelDefinition<Config, Made>,
  config: unknown,
): Made {
  return definition.create({
    ...nothingKnown(),
    name: "channel",
    config: definition.configSchema.parse(config),
    publicUrl: { url: "http://127.0.0.1:3000", isPublic: false },
    log: quietLog(),
  });
}

const SID = `AC${"0".repeat(32)}`;
const twilio = () =>
  channelOf(whatsapp, {
    accountSid: SID,
    authToken: "0123456789abcdef0123456789abcdef",
    from: "whatsapp:+14155238886",
    apiBaseUrl: url,
  });
const meta = () =>
  channelOf(whatsapp, {
    provider: "meta",
    phoneNumberId: "1234567890",
    accessToken: "EAAtoken0123456789abcdef",
    appSecret: "0123456789abcdef0123456789abcdef",
    verifyToken: "a-verify-token-of-ours",
    apiBaseUrl: `${url}/v1`,
  });
const inSlack = () =>
  channelOf(slack, {
    botToken: "xoxb-1-2-three",
    signingSecret: "0123456789abcdef0123456789abcdef",
    apiUrl: `${url}/api/`,
  });

async function load(made: Channel | Promise<Channel>, platformId: string) {
  const channel = await made;
  try {
    const signal = AbortSignal.timeout(5_000);
    const source = await channel.fetchAttachment?.(platformId, signal);
    if (source?.kind !== "found") return source;
    return await download(source, { bytes: 1_000, signal });
  } finally {
    await channel.stop?.();
  }
}

test.each([
  ["Slack", inSlack, "F1", "Bearer xoxb-1-2-three"],
  [
    "Twilio",
    twilio,
    "/file",
    `Basic ${Buffer.from(`${SID}:0123456789abcdef0123456789abcdef`).toString("base64")}`,
  ],
  ["Meta", meta, "media-1", "Bearer EAAtoken0123456789abcdef"],
])("a file of %s is fetched with the channel's credentials", async (_, channel, id, authorization) => {
  wanted = authorization;
  const platformId = id.startsWith("/") ? `${url}${id}` : id;
  expect(await load(channel(), platformId)).toMatchObject({
    kind: "downloaded",
    content: Buffer.from("the file"),
  });
});

test.each([
  ["Twilio", twilio, "https://files.example.org/x"],
  ["Meta", meta, "elsewhere"],
])("a file of %s on another server is fetched without them", async (_, channel, platformId) => {
  const opened = await channel();
  const source = await opened.fetchAttachment?.(platformId, AbortSignal.timeout(5_000));
  await opened.stop?.();
  expect(source).toMatchObject({ kind: "found", url: "https://files.example.org/x" });
  expect(source).not.toHaveProperty("headers");
});
