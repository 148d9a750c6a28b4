import { useState } from "preact/hooks";
import { Phone } from "./phone.tsx";
import type { State } from "./wire.ts";

/** The phones side by side, with the web chats. On a narrow screen one of them is shown. */
export function Phones({ state, act }: { state: State; act(task: Promise<unknown>): void }) {
  const { bots, web_chats: webChats } = state;
  const [shown, show] = useState(0);
  return (
    <>
      <nav class="tabs" aria-label="Phones">
        {[...bots.map(({ name }) => name), ...webChats].map((name, index) => (
          <button type="button" key={name} aria-pressed={shown === index} onClick={() => show(index)}>
            {name}
          </button>
        ))}
      </nav>
      <div class="phones">
        {bots.map((bot, index) => (
          <Phone key={`${bot.platform}/${bot.name}`} bot={bot} isShown={shown === index} act={act} />
        ))}
        {webChats.map((path, index) => (
          <WebChat key={path} path={path} isShown={shown === bots.length + index} />
        ))}
      </div>
    </>
  );
}

function WebChat({ path, isShown }: { path: string; isShown: boolean }) {
  return (
    <section class="phone web" data-shown={isShown} aria-label={`Web chat: ${path}`}>
      <iframe title={`Web chat ${path}`} src={path} />
    </section>
  );
}
