// `npm run bench:sessions`: the cost of calls and turns with more sessions, and in longer ones. It also measures the
// extra cost over a direct call of the model. Prints Markdown tables.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { startEmbeddedPostgres } from "../../dist/storage/embedded/embedded-postgres.js";
import { createApiCaller } from "./api-caller.mjs";
import { percentile } from "./ledger.mjs";
import { startLlmServer } from "./llm-server.mjs";
import { startProcess } from "./service.mjs";
import { addSessions, lengthen, sessionId } from "./session-rows.mjs";

const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "1000,100000,1000000" },
    messages: { type: "string", default: "10,1000,10000" },
    calls: { type: "string", default: "100" },
  },
});
const numbers = (text) => text.split(",").map(Number);
const [sizes, lengths, calls] = [numbers(values.sessions), numbers(values.messages), Number(values.calls)];
if (![...sizes, ...lengths, calls].every((number) => Number.isInteger(number) && number >= 10)) {
  process.stderr.write(
    "npm run bench:sessions -- [--sessions 1000,100000,1000000] [--messages 10,1000,10000] [--calls 100]\n",
  );
  process.exit(2);
}

const WARM_UP = 5;
const KEY = "bench-operator-key-0123456789";
const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const say = (line) => process.stdout.write(`${line}\n`);
const row = (cells) => say(`| ${cells.join(" | ")} |`);
const head = (cells) => {
  row(cells);
  row(cells.map((_cell, place) => (place === 0 ? "---" : "---:")));
};
const ms = (number) => number.toFixed(1);

/**
 * The cost of several alternatives. They are measured in turns, so that a busy moment of the machine affects all of
 * them equally. Returns for each the sorted milliseconds of every run except the first few.
 */
async function timesOf(ways) {
  const times = ways.map(() => []);
  for (let n = 0; n < calls + WARM_UP; n += 1) {
    for (const [place, way] of ways.entries()) {
      const startedAt = performance.now();
      const measured = await way(n);
      if (n >= WARM_UP)
        times[place].push(typeof measured === "number" ? measured : performance.now() - startedAt);
    }
  }
  return times.map((list) => list.sort((a, b) => a - b));
}

const shown = (times) => `${ms(percentile(times, 0.5))} / ${ms(percentile(times, 0.99))}`;

/** The measured calls; `size` is the number of sessions. */
function callsOf(api, size, user) {
  const some = (n) => 1 + ((n * 7919) % size);
  const list = (query) => api.get(`/chat/sessions?${new URLSearchParams(query)}`);
  const containing = (metadata) => list({ metadata_filter: JSON.stringify(metadata) });
  let cursor = null;
  return {
    "list, newest first": () => list({}),
    "list, page after page by cursor": async () => {
      const { meta } = await list(cursor === null ? {} : { cursor });
      cursor = meta.next_cursor;
    },
    "metadata_filter, one match": (n) => containing({ db_uuid: String(some(n)) }),
    "metadata_filter, one in 10,000": (n) => containing({ tenant: `tenant-${some(n) % 10_000}` }),
    "metadata_filter, two in three": () => containing({ plan: "free" }),
    "metadata_filter, no match": () => containing({ db_uuid: "nobody" }),
    "list, one user": () => list({ user_id: user }),
    "list, one agent, active": () => list({ agent_id: "echo", status: "active" }),
    "list, an agent without sessions": () => list({ agent_id: "idle" }),
    "list, completed": () => list({ status: "completed" }),
    "list executions": () => api.get("/executions"),
    get: (n) => api.get(`/chat/sessions/${sessionId(some(n))}`),
    create: (n) => api.post("/chat/sessions", { agent_id: "echo", metadata: { db_uuid: `new-${n}` } }),
    "a turn (echo)": (n) => {
      // Every fourth session is open.
      const open = sessionId(4 * (1 + (n % Math.floor(size / 4))));
      return api.post(`/chat/sessions/${open}/messages`, { content: "Hello" });
    },
  };
}

/** The same calls to services whose databases differ only in the number of sessions. */
async function measureSessions(services) {
  const measured = services.map(({ api, size, user }) => callsOf(api, size, user));
  head(["p50 / p99 ms", ...sizes.map((size) => `${size.toLocaleString("en")} sessions`)]);
  for (const name of Object.keys(measured[0])) {
    row([name, ...(await timesOf(measured.map((of) => of[name]))).map(shown)]);
  }
}

/** Turns of an agent that reads its history, in sessions of each length, interleaved. */
async function measureLengths(api, pool) {
  const sessions = [];
  for (const length of lengths) {
    const { id } = await api.post("/chat/sessions", { agent_id: "coach" });
    await lengthen(pool, id, length);
    sessions.push({ id, length });
  }
  await pool.query("VACUUM (ANALYZE) messages");
  const rows = {
    "a turn (llm, at most 6,000 tokens of history)": (id) =>
      api.post(`/chat/sessions/${id}/messages`, { content: "And now?" }),
    "list messages, the newest 20": (id) => api.get(`/chat/sessions/${id}/messages?before_seq=2000000000`),
    "list messages, the first page": (id) => api.get(`/chat/sessions/${id}/messages`),
  };
  head(["p50 / p99 ms", ...lengths.map((length) => `${length.toLocaleString("en")} messages`)]);
  for (const [name, run] of Object.entries(rows)) {
    const times = await timesOf(
      sessions.map(
        ({ id }) =>
          () =>
            run(id),
      ),
    );
    row([name, ...times.map(shown)]);
  }
}

/** Number of turns after which a conversation starts again. The cost of a long history is measured separately. */
const CONVERSATION = 20;

/** Time until the first text: from the model directly, and from a session of an agent with it, in turns. */
async function measureFirstByte(api, llm) {
  const body = { model: "bench", stream: true, messages: [{ role: "user", content: "Hello" }] };
  let session = null;
  const [model, service] = await timesOf([
    () => api.firstText(`${llm.url}/chat/completions`, body),
    async (n) => {
      if (n % CONVERSATION === 0) session = await api.post("/chat/sessions", { agent_id: "coach" });
      return api.firstText(`/chat/sessions/${session.id}/messages/stream`, { content: "Hello" });
    },
  ]);
  const cells = (times) => [0.5, 0.99].map((share) => percentile(times, share));
  const [direct, through] = [cells(model), cells(service)];
  head(["until the first streamed text, ms", "p50", "p99"]);
  row(["the model, called directly", ...direct.map(ms)]);
  row(["a session of an agent on it", ...through.map(ms)]);
  row(["difference", ...through.map((number, place) => ms(number - direct[place]))]);
}

const configurationFor = (llm) => ({
  workspace: "bench",
  agents: {
    echo: { bot: { type: "echo" } },
    idle: { bot: { type: "echo" } },
    coach: { bot: { type: "llm", baseUrl: llm.url, model: "bench" }, history: { mode: "truncate" } },
  },
  channels: { api: { kind: "api", agent: "echo" } },
});

const started = [];
/** Everything that was started is stopped at the end, newest first, even after an error. */
const starting = async (thing, stop) => {
  const ready = await thing;
  started.unshift(() => stop(ready));
  return ready;
};

try {
  const dataDir = mkdtempSync(join(tmpdir(), "causeway-bench-data-"));
  chmodSync(dataDir, 0o755);
  started.unshift(() => rmSync(dataDir, { recursive: true, force: true }));
  const postgres = await starting(startEmbeddedPostgres({ dataDir, log: silent }), (it) => it.stop());
  const llm = await starting(startLlmServer(), (it) => it.close());
  const admin = await starting(new pg.Client(postgres.url), (it) => it.end());
  await admin.connect();
  const services = [];
  for (const size of sizes) {
    const url = new URL(postgres.url);
    url.pathname = `/sessions_${size}`;
    await admin.query(`CREATE DATABASE sessions_${size}`);
    const variables = { DATABASE_URL: url.href, CAUSEWAY_API_KEY: KEY };
    const service = await starting(startProcess({ configuration: configurationFor(llm), variables }), (it) =>
      it.stop(),
    );
    const api = await starting(createApiCaller(service.url, KEY), (it) => it.close());
    const pool = await starting(new pg.Pool({ connectionString: url.href, max: 2 }), (it) => it.end());
    const session = await api.post("/chat/sessions", { agent_id: "echo" });
    const { rows: channels } = await pool.query("SELECT id FROM channels");
    const of = { workspaceId: session.workspace_id, agentId: session.agent_id, channelId: channels[0]?.id };
    await addSessions(pool, of, 1, size);
    services.push({ api, pool, size, user: (await api.get(`/chat/sessions/${sessionId(1)}`)).user_id });
  }
  await admin.query("CHECKPOINT");
  say(
    `${calls} calls each, one after the other; ${cpus().length} processors (${cpus()[0]?.model.trim()}), ` +
      `Node ${process.versions.node}, embedded Postgres with fsync; all on one machine\n`,
  );
  await measureSessions(services);
  say("");
  const [{ api, pool }] = services;
  await measureLengths(api, pool);
  say("");
  await measureFirstByte(api, llm);
} finally {
  for (const stop of started) await stop();
}
