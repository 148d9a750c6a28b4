/** A person, or a chat that speaks as the sender. */
interface Named {
  title?: string | undefined;
  first_name?: string | undefined;
  last_name?: string | undefined;
}

/** Empty if there is no name. */
export function nameOf({ title, first_name: first, last_name: last }: Named): string {
  return title ?? [first, last].filter((name) => name).join(" ");
}

type Identified = Named & { id: number };

interface Written {
  from?: Identified | undefined;
  sender_chat?: Identified | undefined;
  author_signature?: string | undefined;
}

/** The writer of a message: a person, or the chat for which they speak (a group, a channel). */
export function writerOf({
  from,
  sender_chat: onBehalfOf,
  author_signature: signature,
}: Written): { identifier: string; name: string } | null {
  if (onBehalfOf) return { identifier: String(onBehalfOf.id), name: signature ?? nameOf(onBehalfOf) };
  return from ? { identifier: String(from.id), name: nameOf(from) } : null;
}

interface Origin {
  sender_user?: Named | undefined;
  sender_user_name?: string | undefined;
  sender_chat?: Named | undefined;
  chat?: Named | undefined;
}

/** The first author of a forwarded or answered message (Bot API, MessageOrigin); empty if Telegram does not tell it. */
export function originName({
  sender_user: user,
  sender_user_name: hidden,
  sender_chat,
  chat,
}: Origin): string {
  if (user) return nameOf(user);
  const place = sender_chat ?? chat;
  return hidden ?? (place ? nameOf(place) : "");
}

/** Some people have no visible name. */
export function withoutEmpty({ identifier, name }: { identifier: string; name: string }) {
  return name === "" ? { identifier } : { identifier, name };
}
