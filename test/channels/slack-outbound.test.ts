import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../../src/channels/channel.ts";
import { definition } from "../../src/channels/slack/index.ts";
import { type FakeSlack, startFakeSlack } from "../support/fake-slack.ts";
import { partOf } from "./conformance-subject.ts";
import { slackChannel } from "./slack-subject.ts";

const THREAD = "C0GENERAL1:1790000100.000100";

let fake: FakeSlack;
let channel: Channel;

beforeEach(async () => {
  fake = await startFakeSlack();
  channel = slackChannel(fake);
});
afterEach(async () => {
  await channel.stop?.();
  await fake.close();
});

const send = (text: string, address = THREAD) =>
  channel.send(partOf(address, text), AbortSignal.timeout(10_000));

describe("a reply on Slack", () => {
  test("goes into the thread, as Slack's Markdown, without previews of links", async () => {
    expect(await send("**Hello** [you](https://a.example)")).toEqual({
      kind: "sent",
      externalIds: ["C0GENERAL1:1790000000.000001"],
    });
    expect(fake.posted).toMatchObject([
      { threadTs: "1790000100.000100", raw: "**Hello** [you](https://a.example)", format: "markdown_text" },
    ]);
    expect(fake.calls.at(-1)?.payload).toMatchObject({ unfurl_links: "false", unfurl_media: "false" });
  });

  test("goes to the top level where the address names no thread", async () => {
    await send("news", "C0GENERAL1");
    expect(fake.posted).toMatchObject([{ channel: "C0GENERAL1", threadTs: null }]);
  });

  test("is written in the older notation where Markdown is refused", async () => {
    fake.fail({ error: "no_text" });
    const text =
      "# Title\n**bold** and *italic*, ~~gone~~ [a](https://a.example) 1 < 2 & `<b>`\n```js\na < b\n```";
    expect(await send(text)).toMatchObject({ kind: "sent" });
    expect(fake.posted[0]).toMatchObject({ format: "text" });
    expect(fake.posted[0]?.raw).toBe(
      "*Title*\n*bold* and _italic_, ~gone~ <https://a.example|a> 1 &lt; 2 &amp; `&lt;b&gt;`\n```\na &lt; b\n```",
    );
  });

  test.each([
    "<!channel> wake up",
    "<!here|here>, <!everyone>",
    "<!subteam^S0123|@team>",
    "<@U0ADA00001> look, <#C0GENERAL1>",
    "@here @channel @everyone",
    "`<!channel>`",
    "&lt;!channel&gt; &#60;!channel> &#x3C;!channel>",
    "\\<!channel> <\\!channel>",
    "(@channel)",
  ])("notifies nobody, whatever the model writes: %s", async (text) => {
    fake.fail({ error: "invalid_arguments" }, { times: 1 });
    await send(text);
    await send(text);
    expect(fake.posted.map(({ format }) => format)).toEqual(["text", "markdown_text"]);
    expect(fake.posted.flatMap(({ pings }) => pings)).toEqual([]);
    expect(fake.posted[1]?.text).toBe(text);
  });

  test("fits also where everything in it has to be escaped", async () => {
    for (const text of ["<@".repeat(5000), "&".repeat(9000), "@here ".repeat(2000)]) {
      for (const part of definition.split(text)) {
        expect(await send(part)).toMatchObject({ kind: "sent" });
        fake.fail({ error: "no_text" });
        expect(await send(part)).toMatchObject({ kind: "sent" });
      }
    }
  });

  test("waits as long as Slack asks, and a while where it does not say", async () => {
    fake.fail({ rateLimited: 7 });
    expect(await send("a")).toMatchObject({ kind: "retry", scope: "channel", afterMs: 7000 });
    fake.fail({ rateLimited: null });
    expect(await send("a")).toMatchObject({ kind: "retry", scope: "channel", afterMs: 30_000 });
    fake.fail({ error: "ratelimited" });
    expect(await send("a")).toMatchObject({ kind: "retry", scope: "channel", afterMs: 30_000 });
    // Once: what is told to wait is not tried again by the vendor's client.
    expect(fake.calls.filter(({ method }) => method === "chat.postMessage")).toHaveLength(3);
  });

  test.each([
    [{ error: "channel_not_found" }, { kind: "failed", scope: "conversation" }],
    [{ error: "is_archived" }, { kind: "failed", scope: "conversation" }],
    [{ error: "missing_scope" }, { kind: "failed", scope: "channel" }],
    [{ error: "token_revoked" }, { kind: "failed", scope: "channel" }],
    [{ error: "internal_error" }, { kind: "unknown" }],
    [{ error: "fatal_error" }, { kind: "unknown" }],
    [{ html: 502 }, { kind: "unknown" }],
    [{ html: 403 }, { kind: "retry", scope: "channel" }],
    [{ html: 200 }, { kind: "unknown" }],
    [{ cut: "before" as const }, { kind: "unknown" }],
  ])("that fails with %o comes to %o", async (fault, expected) => {
    fake.fail(fault);
    expect(await send("hello")).toMatchObject(expected);
    expect(fake.posted).toEqual([]);
  });

  test("to something that is no Slack conversation is given up", async () => {
    expect(await send("hello", "12345")).toMatchObject({ kind: "failed", code: "slack_bad_address" });
  });

  test("to a person by anything but their id is known not to arrive", async () => {
    for (const id of ["U0123456789", "T0123/U0123456789"])
      expect(await channel.canReach?.(id)).toEqual({ kind: "reachable" });
    expect(await channel.canReach?.("@ada")).toEqual({
      kind: "unreachable",
      code: "slack_bad_address",
      reason: expect.stringContaining("U0123456789"),
    });
  });
});

describe("the status on Slack", () => {
  test("is shown in the thread while an answer is being written", async () => {
    await channel.typing?.(THREAD, AbortSignal.timeout(5000));
    expect(fake.statuses).toMatchObject([{ channel: "C0GENERAL1", threadTs: "1790000100.000100" }]);
  });

  test("is not asked for again where the app may not show it", async () => {
    fake.fail({ error: "missing_scope" }, { method: "assistant.threads.setStatus" });
    await channel.typing?.(THREAD, AbortSignal.timeout(5000));
    await channel.typing?.(THREAD, AbortSignal.timeout(5000));
    expect(fake.calls.filter(({ method }) => method === "assistant.threads.setStatus")).toHaveLength(1);
  });
});
