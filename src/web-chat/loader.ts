import { CausewayChat } from "./embed/chat-element.ts";

const NAME = "causeway-chat";

// A page may include the loader twice, or two versions of it. The first one counts.
if (!customElements.get(NAME)) customElements.define(NAME, CausewayChat);

/**
 * `<script type="module" src="…/loader.js" data-channel="web">` is a whole chat: it creates an element with those
 * attributes.
 */
for (const script of document.querySelectorAll<HTMLScriptElement>("script[data-channel]")) {
  if (script.src.split("?")[0] !== import.meta.url.split("?")[0]) continue;
  const { channel = "" } = script.dataset;
  const standing = () => document.querySelector(`${NAME}[channel="${CSS.escape(channel)}"]`);
  if (standing()) continue;
  const chat = document.createElement(NAME) as CausewayChat;
  for (const { name, value } of script.attributes) {
    if (name.startsWith("data-")) chat.setAttribute(name.slice(5), value);
  }
  document.body.append(chat);
  // Routers that change the page without a load remove the chat, or replace it with an empty copy.
  for (const changed of ["turbo:render", "astro:after-swap"]) {
    document.addEventListener(changed, () => {
      const twin = standing();
      if (chat.isOver || twin === chat) return;
      if (twin) twin.replaceWith(chat);
      else document.body.append(chat);
    });
  }
}
