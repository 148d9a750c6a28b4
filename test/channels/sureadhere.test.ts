import { describeChannelConformance, noButtons, noStreams } from "./conformance.ts";
import { sureadhereSubject } from "./sureadhere-subject.ts";

describeChannelConformance({
  kind: "sureadhere",
  setup: sureadhereSubject,
  except: [
    ...noStreams,
    ...noButtons,
    {
      test: "same_event",
      reason: "SureAdhere's requests have no id, and a patient may send the same text twice",
    },
    { test: "own_messages", reason: "only patients write, and our own messages do not come back" },
  ],
});
