/** The reason why a reply outside the window is not even tried. */
export const WINDOW_CLOSED =
  "the user has not written for 24 hours, and WhatsApp takes only approved templates then (configure `template`)";

/** The reason why a marketing template is not sent. */
export const MARKETING_REFUSED =
  "the user takes no marketing messages, and the configured template is one; it goes out when they write again";
