import type { Button, ButtonSupport } from "../../../core/message/button.ts";
import { pressReference } from "../../../core/message/press.ts";
import type { JsonBody } from "../../kit/json-body.ts";
import type { Choice } from "../provider.ts";

const MOST_REPLY_BUTTONS = 3;
/** The longest text above reply buttons, or above a button for a page, in characters. Above a list the usual limit applies. */
const REPLY_BUTTONS_TEXT = 1024;

/**
 * The limits of a list (Meta, "Interactive list messages"). Reply buttons allow labels of the same length, but only
 * three buttons. One button that opens a page stands alone (Meta, "Interactive call-to-action URL button messages").
 */
export const META_BUTTON_SUPPORT: ButtonSupport = { max: 10, labelLimit: 20, urls: REPLY_BUTTONS_TEXT };

/**
 * Up to three choices below a short text become buttons. Otherwise they become a list that opens. A page becomes a
 * call-to-action button.
 */
export function interactiveOf(text: string, choice: Choice, listButton: string): JsonBody {
  const { buttons } = choice;
  const body = { text };
  const [{ label = "", url } = {}] = buttons;
  if (url !== undefined)
    return { type: "cta_url", body, action: { name: "cta_url", parameters: { display_text: label, url } } };
  if (buttons.length <= MOST_REPLY_BUTTONS && text.length <= REPLY_BUTTONS_TEXT) {
    const replies = entriesOf(choice).map((reply) => ({ type: "reply", reply }));
    return { type: "button", body, action: { buttons: replies } };
  }
  return { type: "list", body, action: { button: listButton, sections: [{ rows: entriesOf(choice) }] } };
}

function entriesOf({ messageId, buttons }: Choice): { id: string; title: string }[] {
  return buttons.map(({ label }: Button, index) => ({
    id: pressReference({ messageId, index }),
    title: label,
  }));
}
