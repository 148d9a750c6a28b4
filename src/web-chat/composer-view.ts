import { element } from "./dom.ts";

/** The longest message the server takes, UTF-16 units. */
const CONTENT_LIMIT = 32_000;

/** Where messages are typed. Never disabled: people may write on while the bot answers. */
export function createComposerView(onSend: (content: string) => void) {
  const field = element("textarea", {
    id: "message",
    rows: "1",
    maxlength: String(CONTENT_LIMIT),
    placeholder: "Write a message",
    enterkeyhint: "send",
    autocomplete: "off",
    dir: "auto",
  });
  const submit = element("button", { type: "submit", class: "send", "aria-label": "Send" });
  const form = element(
    "form",
    { class: "composer" },
    element("label", { for: "message", class: "hidden" }, "Your message"),
    field,
    submit,
  );

  function send(): void {
    const content = field.value.trim();
    if (content === "") return;
    field.value = "";
    grow();
    onSend(content);
    field.focus();
  }

  function grow(): void {
    // `field-sizing` does this where it exists.
    if (CSS.supports("field-sizing", "content")) return;
    field.rows = Math.min(8, field.value.split("\n").length);
  }

  field.addEventListener("keydown", (event) => {
    // Enter ends the choice of a character in some scripts, and on a touch keyboard it makes a new line.
    if (
      event.key !== "Enter" ||
      event.shiftKey ||
      event.isComposing ||
      matchMedia("(pointer: coarse)").matches
    )
      return;
    event.preventDefault();
    send();
  });
  field.addEventListener("input", grow);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  return { node: form, focus: () => field.focus() };
}
