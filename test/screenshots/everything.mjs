// A service in which every screen of the console has something to show: conversations, people, trouble, and waiting work.
import { configOf } from "./coach.mjs";
import { startService, until } from "./service.mjs";

const PROMPT = "You are a wellness coach. Answer in three sentences.";

function busyConfig(prompt) {
  const config = configOf("http://127.0.0.1:1");
  const { coach } = config.agents;
  return {
    ...config,
    agents: {
      coach: { ...coach, messages: [{ role: "system", content: prompt }] },
      night: {
        name: "Night helper",
        bot: {
          type: "script",
          sequence: [{ fail: { code: "model_down", reason: "The model cannot be reached" } }],
        },
      },
    },
    channels: {
      ...config.channels,
      sms: { kind: "sms", agent: "coach", simulate: true },
      night: { kind: "telegram", agent: "night", simulate: true },
      members: {
        kind: "telegram",
        agent: "coach",
        simulate: true,
        access: { policy: "pairing", text: "Hello! Please wait until you are let in." },
      },
      api: { kind: "api", agent: "coach" },
    },
  };
}

/** Starts it, talks to it, and waits until everything is stored. */
export async function startBusyService() {
  const service = await startService(busyConfig(PROMPT));
  const { api, simulator } = service;
  const say = (chat, text, more = {}) => simulator("POST", `/${chat}/messages`, { text, ...more });
  const count = async (path) => (await api("GET", `${path}&limit=1`)).meta.total;

  await say("telegram/chats/Ada", "I sleep badly", { bot: "telegram" });
  await say("slack/chats/general", "@Causeway I sleep badly", { from: "Bela" });
  await say("whatsapp/chats/491701234567", "Good morning!");
  await until(async () => (await count("/chat/sessions?")) >= 3, "three conversations");
  await say("telegram/chats/Jonas", "Can you help me walk more?", { bot: "telegram" });
  await say("whatsapp/chats/447700900123", "Please, I want to talk to a person");
  await say("whatsapp/chats/447700900123", "/human");
  await say("sms/chats/491701234567", "I sleep badly");
  await say("telegram/chats/Noor", "It is three in the morning, are you there?", { bot: "night" });
  await say("telegram/chats/Kim", "May I come in?", { bot: "members" });
  await until(async () => (await count("/chat/sessions?handoff=requested")) > 0, "somebody waits");
  await until(async () => (await count("/executions?status=failed")) > 0, "a turn fails");
  await until(async () => (await count("/access_requests?state=waiting")) > 0, "somebody asks for access");

  await say("whatsapp/chats/436601234567", "/human");
  await until(async () => (await count("/chat/sessions?handoff=requested")) > 1, "two people wait");
  const waiting = await api("GET", "/chat/sessions?handoff=requested");
  const taken = waiting.data.find(({ user }) => user.identifier.includes("436601234567"));
  await api("POST", `/chat/sessions/${taken.id}/handoff/take`, {});
  await api("POST", `/chat/sessions/${taken.id}/handoff/reply`, { content: "Hello, I am a person." });

  await simulator("POST", "/faults", { platform: "telegram", fault: "block_user", times: 1 });
  await say("telegram/chats/Mira", "I sleep badly", { bot: "telegram" });
  await until(async () => (await count("/deliveries?status=failed")) > 0, "a delivery fails");

  const ada = { agent_id: "coach", channel: "telegram", identifier: await identifierOf(api, "Ada") };
  await api("POST", "/schedules", {
    ...ada,
    name: "Evening reminder",
    message_text: "It is ten o'clock. Shall we dim the lights?",
    cron: "0 22 * * *",
    timezone: "Europe/Berlin",
  });
  const later = await api("POST", "/schedules", {
    ...ada,
    prompt_text: "Ask how the first week went, and offer a longer plan.",
    at: "2099-03-01T08:00:00Z",
  });
  await api("PATCH", `/schedules/${later.id}`, { status: "paused" });
  await api("POST", "/api_keys", { name: "Ida, at the desk", scopes: ["sessions:read", "handoff:write"] });
  service.reload(busyConfig(`${PROMPT} Never give medical advice.`));
  await until(
    async () => (await api("GET", "/agents/coach")).current_version > 1,
    "the second version of the agent",
  );
  return service;
}

async function identifierOf(api, name) {
  const { data } = await api("GET", `/users?q=${encodeURIComponent(name)}`);
  return data[0].identifier;
}
