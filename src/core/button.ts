/** Something a user may press below a message instead of writing. */
export interface Button {
  /** What it says, on one line. Pressing it says the same. */
  label: string;
  /** What the bot gets with the press. */
  payload: string;
  /** Opens this page instead; such a button never comes back. */
  url?: string;
}

/** A button as bots and operators write it: without a payload, the label is the payload. */
export interface ButtonSpec {
  label: string;
  payload?: string | undefined;
  url?: string | undefined;
}

/** What a platform can show as buttons. */
export interface ButtonSupport {
  /** The most below one message. */
  max: number;
  /** The longest label, in UTF-16 code units. */
  labelLimit: number;
  /** Whether a button may open a page. */
  urls: boolean;
}

/** The buttons that were written; one without a label cannot be shown and is left out. */
export function toButtons(specs: readonly ButtonSpec[]): Button[] {
  return specs.flatMap((spec) => {
    const label = spec.label.replace(/\s+/g, " ").trim();
    if (label === "") return [];
    return [{ label, payload: spec.payload ?? label, ...(isWebAddress(spec.url) ? { url: spec.url } : {}) }];
  });
}

/** The buttons of a row; none for anything that is no list of them. */
export function readButtons(stored: unknown): Button[] {
  return Array.isArray(stored) ? toButtons(stored) : [];
}

/** Whether a platform can show all of these, as they are. */
export function canShow(buttons: readonly Button[], support: ButtonSupport | null): boolean {
  return (
    support !== null &&
    buttons.length <= support.max &&
    buttons.every(
      ({ label, url }) => label.length <= support.labelLimit && (url === undefined || support.urls),
    )
  );
}

/** The buttons that answer, in the order in which they are numbered; the others open a page. */
export function optionsOf(buttons: readonly Button[]): Button[] {
  return buttons.filter(({ url }) => url === undefined);
}

/** A text with its options written below it, numbered, and the pages to open as links. */
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

/** A message in words alone, as a model reads it: with what it offers, or with what was chosen where that says more. */
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
