import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { callsTool, startChatServer } from "../bots/chat-server.ts";
import { startMcpServer } from "../bots/mcp-http-server.ts";
import { startToolServer } from "../bots/tool-server.ts";
import { messageWith, PUBLIC_URL } from "../channels/whatsapp-subject.ts";
import { startTestApp } from "../support/app.ts";
import { startFakeTelegram } from "../support/fake-telegram.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { serviceDirectory, startProcess } from "../support/process.ts";
import { signedForm, startScriptedTwilio } from "../support/scripted-twilio.ts";
import { type ReceivedSpan, startTraceReceiver, type TraceReceiver } from "../support/trace-receiver.ts";
import { message, patiently, post, query, telegramConfig } from "./conversations.ts";

const QUESTION = "a secret question";
const ANSWER = "a secret answer";
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const CALLER = `00-${TRACE}-b7ad6b7169203331-01`;

const traced = ({ url }: TraceReceiver) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: url,
  OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  OTEL_BSP_SCHEDULE_DELAY: "50",
});

function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const found = spans.find((span) => span.name === name);
  if (!found) throw new Error(`no span ${name} among ${spans.map((span) => span.name)}`);
  return found;
}

const ENDS = [
  {
    choices: [{ index: 0, delta: {}, finish_reason: "stop" }],
    usage: { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 },
  },
];

describe("the trace of a message", () => {
  it("covers two processes, from the webhook to the platform's answer and the tools, without message texts", async () => {
    await using receiver = await startTraceReceiver();
    await using fake = await startFakeTelegram();
    await using tools = await startToolServer((response) => response.end("it is open"));
    await using mcp = await startMcpServer();
    await using model = await startChatServer({
      answer: ({ messages }) => {
        const results = messages.filter(({ role }) => role === "tool").length;
        if (results === 0) return callsTool("look_up", { place: "the library" });
        return results === 1
          ? callsTool("weather_forecast_today", { city: "Oslo" })
          : [{ choices: [{ index: 0, delta: { content: ANSWER }, finish_reason: null }] }, ...ENDS];
      },
    });
    const look = {
      name: "look_up",
      description: "Opening hours.",
      method: "POST",
      url: tools.url,
      input: { type: "object", properties: { place: { type: "string" } } },
      allowPrivateAddresses: true,
    };
    const bot = {
      type: "llm",
      provider: "openai-compatible",
      baseUrl: model.baseUrl,
      model: "m",
      tools: [look],
      mcpServers: { weather: { url: mcp.url } },
    };
    await using database = await createTestDatabase();
    await using directory = await serviceDirectory(telegramConfig(fake, { bot }));
    const env = {
      ...traced(receiver),
      DATABASE_URL: database.url,
      CAUSEWAY_API_KEY: "cw_test_operator_key_0123456789",
    };
    const start = (role: string) =>
      startProcess({ directory, env: { ...env, CAUSEWAY_ROLE: role, OTEL_SERVICE_NAME: role } });
    await using web = await start("web");
    await using worker = await start("worker");
    await patiently(async () => expect(await post(web.url, message(1, QUESTION))).toBe(200));
    await patiently(() => expect(fake.sent.map(({ text }) => text)).toEqual([ANSWER]));
    await patiently(() => expect(receiver.spans.map(({ name }) => name)).toContain("causeway.deliver"));
    expect([await web.stop(), await worker.stop()]).toEqual([0, 0]);

    const { spans } = receiver;
    expect(spans.map(({ name }) => name).sort()).toEqual([
      "causeway.deliver",
      "causeway.ingest",
      "causeway.turn",
      "chat m",
      "chat m",
      "chat m",
      "execute_tool look_up",
      "execute_tool weather_forecast_today",
    ]);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    const [ingest, turn, tool, deliver] = [
      named(spans, "causeway.ingest"),
      named(spans, "causeway.turn"),
      named(spans, "execute_tool look_up"),
      named(spans, "causeway.deliver"),
    ];
    expect(ingest.parentSpanId).toBeNull();
    expect(turn.parentSpanId).toBe(ingest.spanId);
    expect(deliver.parentSpanId).toBe(turn.spanId);
    for (const span of spans.filter(({ name }) => /^(chat|execute_tool)/.test(name)))
      expect(span.parentSpanId).toBe(turn.spanId);
    expect([ingest, turn, deliver].map(({ resource }) => resource["service.name"])).toEqual([
      "web",
      "worker",
      "worker",
    ]);
    expect(tools.requests[0]?.headers["traceparent"]).toBe(`00-${tool.traceId}-${tool.spanId}-01`);
    const mcpTool = named(spans, "execute_tool weather_forecast_today");
    expect(mcp.headers.map((headers) => headers["traceparent"])).toContain(
      `00-${mcpTool.traceId}-${mcpTool.spanId}-01`,
    );
    expect(turn.attributes).toMatchObject({
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.agent.name": "talker",
      "session.id": ingest.attributes["session.id"],
      "user.id": ingest.attributes["user.id"],
      "causeway.turn.status": "completed",
    });
    expect(spans.filter(({ name }) => name === "chat m").at(-1)?.attributes).toMatchObject({
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai-compatible",
      "gen_ai.request.model": "m",
      "gen_ai.conversation.id": turn.attributes["gen_ai.conversation.id"],
      "gen_ai.usage.input_tokens": 20,
      "gen_ai.usage.output_tokens": 5,
      "gen_ai.response.finish_reasons": ["stop"],
    });
    expect(deliver.attributes).toMatchObject({
      "causeway.channel": "telegram",
      "causeway.delivery.status": "sent",
      "causeway.delivery.attempt": 1,
    });
    expect(turn.seconds).toBeGreaterThan(0);
    const told = receiver.requests.map(({ body }) => body.toString()).join();
    for (const words of [QUESTION, ANSWER, "the library", "it is open", "Oslo"])
      expect(told).not.toContain(words);
    // The service stored nothing for the trace.
    expect(await query(database.url, "SELECT traceparent FROM executions")).toEqual([{ traceparent: null }]);
  }, 300_000);

  it("continues a caller's trace, reaches a webhook bot, and shows texts if configured", async () => {
    await using receiver = await startTraceReceiver();
    await using twilio = await startScriptedTwilio();
    await using endpoint = await startToolServer((response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ messages: [{ content: ANSWER }] }));
    });
    await using app = await startTestApp({
      agents: {
        mine: {
          bot: { type: "webhook", url: endpoint.url, secret: "a-secret-for-my-own-bot", history: "none" },
        },
      },
      channels: {
        api: { kind: "api", agent: "mine" },
        whatsapp: {
          kind: "whatsapp",
          agent: "mine",
          provider: "twilio",
          accountSid: twilio.accountSid,
          authToken: twilio.authToken,
          from: twilio.from,
          apiBaseUrl: twilio.url,
        },
      },
      env: { ...traced(receiver), CAUSEWAY_PUBLIC_URL: PUBLIC_URL, CAUSEWAY_TRACE_CONTENT: "1" },
    });
    const session = await app.api("POST", "/chat/sessions", { agent_id: "mine" });
    const path = `/chat/sessions/${session.body.id}/messages`;
    const answered = await app.api("POST", path, { content: QUESTION }, { traceparent: CALLER });
    expect(answered.body.content).toBe(ANSWER);
    const turn = await patiently(() => named(receiver.spans, "causeway.turn"));
    const ingest = await patiently(() => named(receiver.spans, "causeway.ingest"));
    expect([ingest.traceId, ingest.parentSpanId, turn.traceId, turn.parentSpanId]).toEqual([
      TRACE,
      "b7ad6b7169203331",
      TRACE,
      ingest.spanId,
    ]);
    expect(endpoint.requests[0]?.headers["traceparent"]).toBe(`00-${TRACE}-${turn.spanId}-01`);
    expect(String(turn.attributes["gen_ai.input.messages"])).toContain(QUESTION);
    expect(String(turn.attributes["gen_ai.output.messages"])).toContain(ANSWER);
    const why = (id: string) => app.api("GET", `/messages/${id}/trail`);
    expect((await why(answered.body.user_message_id)).body.trace_id).toBe(TRACE);

    const trigger = { agent_id: "mine", channel: "api", identifier: "ada", prompt_text: "Say hello." };
    const triggered = await app.api("POST", "/trigger_bot_message", trigger, { traceparent: CALLER });
    await patiently(() => {
      const unprompted = receiver.spans.find(
        ({ attributes }) => attributes["causeway.execution.id"] === triggered.body.execution_id,
      );
      expect(unprompted).toMatchObject({ traceId: TRACE, parentSpanId: "b7ad6b7169203331" });
    });

    // A fixed text has no turn, so its delivery is the first step.
    const words = { agent_id: "mine", channel: "api", identifier: "ada", message_text: "We are closed." };
    const batch = { ...words, identifier: undefined, items: [{ identifier: "ada" }] };
    const told = await app.api("POST", "/trigger_bot_message", words, { traceparent: CALLER });
    const toldToo = await app.api("POST", "/trigger_bot_message/batch", batch, { traceparent: CALLER });
    for (const id of [told.body.delivery_ids[0], toldToo.body.data[0].delivery_ids[0]]) {
      await patiently(() =>
        expect(
          receiver.spans.find(({ attributes }) => attributes["causeway.delivery.id"] === id),
        ).toMatchObject({ name: "causeway.deliver", traceId: TRACE, parentSpanId: "b7ad6b7169203331" }),
      );
      const delivery = await app.api("GET", `/deliveries/${id}`);
      expect((await why(delivery.body.message_id)).body.trace_id).toBe(TRACE);
    }

    // A socket carries many messages, so each one names its trace.
    const socket = new WebSocket(
      `${app.url.replace("http", "ws")}/api/v1${path.replace(/messages$/, "ws")}`,
      {
        headers: { "x-api-key": app.apiKey },
      },
    );
    await once(socket, "open");
    const other = CALLER.replace(TRACE, "1".repeat(32));
    socket.send(JSON.stringify({ type: "message", content: "over a socket", traceparent: other }));
    await patiently(() => expect(receiver.spans.map(({ traceId }) => traceId)).toContain("1".repeat(32)));
    socket.close();

    // The platform's report is the last step.
    const form = async (url: string, params: Record<string, string>) => {
      const signed = signedForm(PUBLIC_URL + url, params, twilio.authToken);
      return (await fetch(app.url + url, { method: "POST", ...signed })).status;
    };
    expect(await form("/webhooks/whatsapp", messageWith(twilio, { Body: "Hello!" }))).toBe(200);
    const sent = await patiently(() => {
      const [first] = twilio.taken;
      if (!first) throw new Error("nothing was sent yet");
      return first;
    });
    const callback = new URL(sent.statusCallback ?? "");
    for (const status of ["delivered", "read"])
      expect(
        await form(callback.pathname + callback.search, {
          MessageSid: sent.sid,
          MessageStatus: status,
          AccountSid: twilio.accountSid,
        }),
      ).toBeLessThan(300);
    await patiently(() => {
      const receipts = receiver.spans.filter(({ name }) => name === "causeway.receipt");
      expect(receipts.map(({ attributes }) => attributes["causeway.delivery.status"])).toContain("read");
      for (const receipt of receipts) {
        const delivered = receiver.spans.find(({ spanId }) => spanId === receipt.parentSpanId);
        expect(delivered).toMatchObject({ name: "causeway.deliver", traceId: receipt.traceId });
      }
    });

    const second = await app.api("POST", path, { content: "again" }, { traceparent: "nonsense" });
    const trail = await why(second.body.id);
    expect(trail.body.trace_id).toMatch(/^[0-9a-f]{32}$/);
    await patiently(() =>
      expect(receiver.spans.map(({ traceId }) => traceId)).toContain(trail.body.trace_id),
    );
  });
});
