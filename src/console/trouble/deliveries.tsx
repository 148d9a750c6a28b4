import { useState } from "preact/hooks";
import { plainText } from "../../web-chat/markdown/plain-text.ts";
import type { Delivery, Page } from "../server/wire.ts";
import { may } from "../session/who.ts";
import { Age } from "../shell/age.tsx";
import { ChannelBadge } from "../shell/channel-badge.tsx";
import { Link } from "../shell/link.tsx";
import { hrefOf } from "../shell/route.ts";
import { DeliveryActions } from "./delivery-actions.tsx";
import { RetryDialog } from "./retry-dialog.tsx";
import { TroubleSection } from "./trouble-section.tsx";

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
  const sendAll = may("deliveries:write") && (
    <button type="button" class="button" onClick={() => setRetrying(true)}>
      Send all again…
    </button>
  );
  return (
    <>
      <TroubleSection title={title} help={help} page={page} action={sendAll}>
        {(delivery) => <TroubledDelivery key={delivery.id} delivery={delivery} />}
      </TroubleSection>
      {isRetrying && <RetryDialog status={status} channel={channel} onClose={() => setRetrying(false)} />}
    </>
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
        {plainText(delivery.content)}
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
