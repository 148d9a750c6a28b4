import { z } from "zod";
import { nameOf } from "./people.ts";
import { richWords } from "./rich-message.ts";

/**
 * Describes content without text (Bot API, Message). A bot that reads only text would not know that somebody shared a
 * location.
 */
type Reader = (value: unknown) => string | null;

const locationSchema = z.object({
  latitude: z.number(),
  longitude: z.number(),
  live_period: z.number().optional(),
});
const placeOf = ({ latitude, longitude }: z.infer<typeof locationSchema>) => `${latitude}, ${longitude}`;
const text = z.string();
const personSchema = z.object({
  user_id: z.number().optional(),
  first_name: text.optional(),
  last_name: text.optional(),
  title: text.optional(),
});

/** One reader for each field that a message may have in place of a text. */
const READERS: ReadonlyMap<string, Reader> = new Map([
  reader(
    "location",
    locationSchema,
    (location) => `${placeOf(location)}${location.live_period ? ", live" : ""}`,
  ),
  reader(
    "venue",
    z.object({ location: locationSchema, title: text, address: text }),
    ({ location, title, address }) => `${title}, ${address} (${placeOf(location)})`,
  ),
  reader("contact", personSchema.extend({ phone_number: text }), ({ phone_number: phone, ...person }) =>
    [nameOf(person), phone].filter(Boolean).join(", "),
  ),
  [
    "dice",
    plainReader(z.object({ emoji: text, value: z.number() }), ({ emoji, value }) => `${emoji} ${value}`),
  ],
  ["poll", plainReader(z.object({ question: text, options: z.array(z.object({ text })) }), pollWords)],
  [
    "checklist",
    plainReader(
      z.object({
        title: text,
        tasks: z.array(z.object({ text, completion_date: z.number().optional() })),
      }),
      ({ title, tasks }) =>
        listed(
          `[checklist: ${title}]`,
          tasks,
          (task) => `[${task.completion_date ? "x" : " "}] ${task.text}`,
        ),
    ),
  ],
  reader("story", z.object({ chat: personSchema }), ({ chat }) =>
    nameOf(chat) === "" ? "" : `by ${nameOf(chat)}`,
  ),
  reader(
    "game",
    z.object({ title: text, description: text }),
    ({ title, description }) => `${title}, ${description}`,
  ),
  reader(
    "invoice",
    z.object({ title: text, description: text }),
    ({ title, description }) => `${title}, ${description}`,
  ),
  reader("paid_media", z.object({ star_count: z.number() }), ({ star_count: stars }) => `${stars} Stars`),
  reader(
    "giveaway",
    z.object({ winner_count: z.number(), prize_description: text.optional() }),
    ({ winner_count: winners, prize_description: prize }) =>
      [`${winners} winners`, prize].filter(Boolean).join(", "),
  ),
  reader("giveaway_winners", z.object({ winners: z.array(personSchema) }), ({ winners }) =>
    winners.map(nameOf).join(", "),
  ),
  [
    "gift",
    plainReader(
      z.object({ gift: z.object({ sticker: z.object({ emoji: text.optional() }) }), text: text.optional() }),
      ({ gift, text: note }) => bracketed("gift", [gift.sticker.emoji, note].filter(Boolean).join(" ")),
    ),
  ],
  [
    "unique_gift",
    plainReader(
      z.object({ gift: z.object({ base_name: text, number: z.number() }), text: text.optional() }),
      ({ gift, text: note }) =>
        bracketed("gift", [`${gift.base_name} #${gift.number}`, note].filter(Boolean).join(", ")),
    ),
  ],
  reader(
    "web_app_data",
    z.object({ data: text, button_text: text.optional() }),
    ({ data, button_text: button }) => [button, data].filter(Boolean).join(": "),
  ),
  reader("users_shared", z.object({ users: z.array(personSchema) }), ({ users }) =>
    users.map((user) => nameOf(user) || user.user_id).join(", "),
  ),
  reader("chat_shared", z.object({ chat_id: z.number(), title: text.optional() }), ({ chat_id: id, title }) =>
    String(title ?? id),
  ),
  ["rich_message", (value: unknown) => richWords(value)],
]);

/** The description of special content, which has no text and no file, but may have a caption. Null if there is none. */
export function specialWords(message: object): string | null {
  const said: string[] = [];
  for (const [key, value] of Object.entries(message)) {
    // A venue repeats its location for clients that do not know venues.
    if (key === "location" && "venue" in message) continue;
    const words = READERS.get(key)?.(value);
    if (words) said.push(words);
  }
  return said.length === 0 ? null : said.join("\n");
}

function reader<T>(key: string, schema: z.ZodType<T>, words: (value: T) => string): [string, Reader] {
  return [key, plainReader(schema, (value) => bracketed(key.replaceAll("_", " "), words(value)))];
}

function plainReader<T>(schema: z.ZodType<T>, words: (value: T) => string): Reader {
  return (value) => {
    const read = schema.safeParse(value);
    return read.success ? words(read.data) : null;
  };
}

const bracketed = (kind: string, words: string) => (words === "" ? `[${kind}]` : `[${kind}: ${words}]`);

function pollWords({ question, options }: { question: string; options: { text: string }[] }): string {
  return listed(`[poll: ${question}]`, options, (option) => option.text);
}

function listed<T>(head: string, items: readonly T[], words: (item: T) => string): string {
  return [head, ...items.map((item) => `- ${words(item)}`)].join("\n");
}
