// The agent and the channels in the pictures.

const PLAN = `Here is a **gentle plan** for this week:

1. Put the phone away at *22:00*
2. Dim the lights, and read for ten minutes
3. Keep the same hour on weekends

| Day | Wind down | Lights out |
| --- | :---: | ---: |
| Mon–Fri | 22:00 | 22:45 |
| Sat, Sun | 22:30 | 23:15 |

More in the [sleep guide](https://example.org/sleep). Shall I remind you?`;

const coach = {
  name: "Wellness coach",
  handoff: { userWords: ["/human"] },
  seedMessage: "Greet the user and ask how they feel today.",
  events: [{ on: "session_ended", do: [{ action: "log" }] }],
  bot: {
    type: "script",
    replies: [
      { match: "sleep", say: PLAN, buttons: [{ label: "Yes, at 22:00" }, { label: "Not now" }] },
      {
        match: "walk",
        say: "Twenty minutes after lunch is a good start.",
        tools: [{ name: "the calendar", delayMs: 60_000 }],
      },
    ],
    sequence: [{ say: "Good to hear from you. How are you sleeping these days?" }],
  },
};

const simulated = (kind) => ({ kind, agent: "coach", simulate: true });

/** The configuration of the pictures. @param siteUrl the site that embeds the chat. */
export function configOf(siteUrl) {
  const web = {
    kind: "web",
    agent: "coach",
    greeting: "I am here for **small steps**: sleep, movement, and a calmer day.",
    starters: ["I sleep badly", "Help me walk more", "What can you do?"],
    allowedOrigins: [siteUrl],
  };
  return {
    workspace: "default",
    agents: { coach },
    channels: {
      web,
      telegram: simulated("telegram"),
      slack: simulated("slack"),
      whatsapp: simulated("whatsapp"),
    },
  };
}
