/** A button below a message, which a user can press instead of writing. */
export interface Button {
  /** The text of the button, on one line. A press sends this text as the user's message. */
  label: string;
  /** The value that the bot receives with the press. */
  payload: string;
  /** The page that the button opens. A button with a URL never sends a press. */
  url?: string;
}

/** A button as bots and operators write it. Without a payload, the label is the payload. */
export interface ButtonSpec {
  label: string;
  payload?: string | undefined;
  url?: string | undefined;
}

/** The buttons that a platform can show. */
export interface ButtonSupport {
  /** Maximum number of buttons below one message. */
  max: number;
  /** Maximum length of a label, in UTF-16 code units. */
  labelLimit: number;
  /**
   * True if a button can open a page. A number: only if it is the one button below a text of at most so many UTF-16 code
   * units.
   */
  urls: boolean | number;
}

/** Converts written buttons. A button without a label is left out, because no platform can show it. */
export function toButtons(specs: readonly ButtonSpec[]): Button[] {
  return specs.flatMap((spec) => {
    const label = spec.label.replace(/\s+/g, " ").trim();
    if (label === "") return [];
    return [{ label, payload: spec.payload ?? label, ...(isWebAddress(spec.url) ? { url: spec.url } : {}) }];
  });
}

/** The buttons of a database row; empty if the value is not a list. */
export function readButtons(stored: unknown): Button[] {
  return Array.isArray(stored) ? toButtons(stored) : [];
}

/** Returns true if a platform can show all these buttons unchanged below a text. */
export function canShow(content: string, buttons: readonly Button[], support: ButtonSupport | null): boolean {
  if (support === null || buttons.length > support.max) return false;
  const { labelLimit, urls } = support;
  const canOpen = typeof urls === "boolean" ? urls : buttons.length === 1 && content.length <= urls;
  return buttons.every(({ label, url }) => label.length <= labelLimit && (url === undefined || canOpen));
}

/** The buttons that send an answer, in the order of their numbers. The other buttons open a page. */
export function optionsOf(buttons: readonly Button[]): Button[] {
  return buttons.filter(({ url }) => url === undefined);
}

/** A text followed by its options as a numbered list, and its pages as links. */
export function withOptions(content: string, buttons: readonly Button[]): string {
  if (buttons.length === 0) return content;
  let number = 0;
  const lines = buttons.map(({ label, url }) => {
    if (url !== undefined) return `${label}: ${url}`;
    number += 1;
    return `${number}. ${label}`;
  });
  return `${content}\n\n${lines.join("\n")}`;
}

/** A message as text only, for a model: with its options, or with the chosen payload if that adds information. */
export function inWords(message: {
  content: string;
  buttons?: readonly Button[];
  payload?: string | null | undefined;
}): string {
  const { content, buttons = [], payload = null } = message;
  const said = withOptions(content, buttons);
  return payload === null || content.includes(payload) ? said : `${said}\n[chosen: ${payload}]`;
}

export function isWebAddress(url: string | undefined): url is string {
  return url !== undefined && /^https?:\/\/[^\s]+$/i.test(url) && URL.canParse(url);
}
