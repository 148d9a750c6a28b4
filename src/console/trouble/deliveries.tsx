import { useState } from "preact/hooks";
import type { Delivery, Page } from "../server/wire.ts";
import { may } from "../session/who.ts";
import { Age } from "../shell/age.tsx";
import { ChannelBadge } from "../shell/channel-badge.tsx";
import { Link } from "../shell/link.tsx";
import { hrefOf } from "../shell/route.ts";
import { DeliveryActions } from "./delivery-actions.tsx";
import { RetryDialog } from "./retry-dialog.tsx";

/** Deliveries that wait for somebody, with one button that sends them all again. */
export function Deliveries(props: {
  title: string;
  help: string;
  page: Page<Delivery>;
  status: "failed" | "unknown";
  channel: string;
}) {
  const { title, help, page, status, channel } = props;
  const [isRetrying, setRetrying] = useState(false);
  return (
    <section class="card" aria-label={title}>
      <header>
        <h3>
          {title} <span class="number">{page.meta.total}</span>
        </h3>
        {page.data.length > 0 && may("deliveries:write") && (
          <button type="button" class="button" onClick={() => setRetrying(true)}>
            Send all again…
          </button>
        )}
      </header>
      {page.data.length === 0 ? (
        <p class="empty small">None.</p>
      ) : (
        <>
          <p class="hint">{help}</p>
          <ul class="troubles">
            {page.data.map((delivery) => (
              <TroubledDelivery key={delivery.id} delivery={delivery} />
            ))}
          </ul>
          {page.meta.total > page.data.length && <p class="hint">The newest {page.data.length} are shown.</p>}
        </>
      )}
      {isRetrying && <RetryDialog status={status} channel={channel} onClose={() => setRetrying(false)} />}
    </section>
  );
}

function TroubledDelivery({ delivery }: { delivery: Delivery }) {
  return (
    <li>
      <p class="reason">
        {delivery.error ?? "The platform's answer was lost."}
        {delivery.error_code !== null && <code>{delivery.error_code}</code>}
      </p>
      <p class="quoted" dir="auto">
        {delivery.content}
      </p>
      <p class="facts">
        <ChannelBadge channel={delivery.channel} />
        <span>to {delivery.address}</span>
        <Age at={delivery.updated_at} />
        {delivery.session_id !== null ? (
          <Link href={hrefOf("conversations", delivery.session_id)}>Conversation</Link>
        ) : (
          // Words to a stranger belong to no conversation.
          delivery.access_request_id !== null && <Link href={hrefOf("access")}>Access</Link>
        )}
      </p>
      <DeliveryActions delivery={delivery} of={` to ${delivery.address}`} />
    </li>
  );
}
