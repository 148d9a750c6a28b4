import { createApiClient } from "./api-client.ts";
import { createChatPage } from "./chat-page.ts";
import { createConversation } from "./conversation.ts";
import { createVisitorStore } from "./visitor-store.ts";

const host = document.getElementById("chat");
if (host) {
  const { channel = "", title = "Chat", greeting = "" } = host.dataset;
  const store = createVisitorStore(channel);
  const conversation = createConversation({
    api: createApiClient({ base: `/web/${encodeURIComponent(channel)}`, tokens: store.token }),
    store,
    onChange: () => page.drawSoon(),
    onAnswer: (message) => page.announce(message.content),
  });
  const page = createChatPage(host, { title, greeting }, conversation);
  page.draw();
  page.focus();
  void conversation.start();
}
