import { CausewayChat } from "./embed/chat-element.ts";

const NAME = "causeway-chat";

// A page may include the loader twice, or two of them: the first one counts.
if (!customElements.get(NAME)) customElements.define(NAME, CausewayChat);

/** `<script type="module" src="…/loader.js" data-channel="web">` is a whole chat: an element with those attributes. */
for (const script of document.querySelectorAll<HTMLScriptElement>("script[data-channel]")) {
  if (script.src.split("?")[0] !== import.meta.url.split("?")[0]) continue;
  const { channel = "" } = script.dataset;
  if (document.querySelector(`${NAME}[channel="${CSS.escape(channel)}"]`)) continue;
  const chat = document.createElement(NAME);
  for (const { name, value } of script.attributes) {
    if (name.startsWith("data-")) chat.setAttribute(name.slice(5), value);
  }
  document.body.append(chat);
}
