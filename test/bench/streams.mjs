import { readFileSync } from "node:fs";
import { request as ask } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createApiCaller } from "./api-caller.mjs";
import { startProcess, startRedis } from "./service.mjs";
import { residentMegabytes, watchProcesses } from "./usage.mjs";

/** Maximum number of parallel calls while streams are opened. */
const AT_ONCE = 50;
/** Visitors per address. One address may have a thousand streams and create 300 visitors a minute. */
const VISITORS_PER_ADDRESS = 200;
/** Time for memory to settle, and time to watch the processors, seconds. */
const SETTLE_SECONDS = 20;
const WATCH_SECONDS = 30;
/** Longer than any measurement, so that the execution watched over the API has no answer yet. */
const FOREVER_MS = 600_000;

const configuration = {
  workspace: "bench",
  agents: {
    quiet: { bot: { type: "echo" } },
    slow: {
      bot: { type: "script", sequence: [{ say: "At last.", delayMs: FOREVER_MS }] },
      turns: { timeoutMs: 3_600_000 },
    },
  },
  channels: { web: { kind: "web", agent: "quiet" }, api: { kind: "api", agent: "slow" } },
};

/**
 * The cost of the given number of idle streams. `web`: each belongs to a separate visitor with a session, as the page
 * opens them. `api`: all follow one execution. Null if this machine does not have the queue.
 */
export async function measureStreams(queue, kind, count) {
  const redis = queue === "redis" ? await startRedis() : null;
  if (queue === "redis" && redis === null) return null;
  const service = await startProcess({
    configuration,
    variables: redis ? { REDIS_URL: redis.url } : {},
  });
  const open = [];
  try {
    const stream = kind === "web" ? await webStreams(service) : await apiStreams(service);
    // The first streams also load and compile code, which the others do not.
    for (let n = 0; n < 20; n += 1) open.push(await stream());
    await delay(SETTLE_SECONDS * 1000);
    const before = residentMegabytes(service.pid);
    let left = count - open.length;
    const opener = async () => {
      while (left-- > 0) open.push(await stream());
    };
    await Promise.all(Array.from({ length: AT_ONCE }, opener));
    const atOpening = residentMegabytes(service.pid);
    await delay(SETTLE_SECONDS * 1000);
    const watched = watchProcesses({ app: service.pid, postgres: service.postgresPid() });
    await delay(WATCH_SECONDS * 1000);
    const broken = open.filter(({ response }) => response.complete || response.destroyed).length;
    return {
      before,
      atOpening,
      after: residentMegabytes(service.pid),
      share: watched.percent(),
      broken,
    };
  } finally {
    for (const { request } of open) request.destroy();
    await service.stop();
    await redis?.stop();
  }
}

/** A visitor, a session, and the stream of a page with this session open. */
async function webStreams({ url }) {
  let visitors = 0;
  return async () => {
    const n = visitors++;
    const address = Math.floor(n / VISITORS_PER_ADDRESS);
    const headers = {
      "x-forwarded-for": `203.0.113.${address % 250}`,
      "content-type": "application/json",
    };
    const { token } = await post(`${url}/web/web/visitors`, headers);
    const own = { ...headers, authorization: `Bearer ${token}` };
    const { id } = await post(`${url}/web/web/sessions`, own);
    return await openStream(`${url}/web/web/events?open=${id}:0&tab=${n}`, own);
  };
}

/** Followers of one execution without an answer. */
async function apiStreams({ url, directory }) {
  const key = readFileSync(join(directory, "data/api-key"), "utf8").trim();
  const api = createApiCaller(url, key);
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const session = await api.post("/chat/sessions", { agent_id: "slow" });
  await api.close();
  const first = await openStream(`${url}/api/v1/chat/sessions/${session.id}/messages/stream`, headers, {
    content: "Take your time.",
  });
  const id = /"execution_id":"(\w+)"/.exec(first.text)?.[1];
  if (id === undefined) throw new Error(`a stream without an execution: ${first.text}`);
  return () => openStream(`${url}/api/v1/executions/${id}/stream`, headers);
}

async function post(url, headers) {
  const answer = await fetch(url, { method: "POST", headers, body: "{}" });
  if (!answer.ok) throw new Error(`POST ${url} answered ${answer.status}: ${await answer.text()}`);
  return await answer.json();
}

/** Resolves with the first event; keeps reading. */
function openStream(url, headers, body) {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? "GET" : "POST";
    const request = ask(url, { method, headers, agent: false }, (response) => {
      response.setEncoding("utf8");
      let text = "";
      response.on("error", () => undefined);
      response.on("data", (chunk) => {
        if (text.includes("event:")) return;
        text += chunk;
        if (response.statusCode !== 200) reject(new Error(`${url} answered ${response.statusCode}: ${text}`));
        else if (text.includes("event:")) resolve({ request, response, text });
      });
    });
    request.once("error", reject);
    request.on("error", () => undefined);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
