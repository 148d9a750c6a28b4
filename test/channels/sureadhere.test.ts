import { describeChannelConformance, noButtons, noStreams } from "./conformance.ts";
import { sureadhereSubject } from "./sureadhere-subject.ts";

describeChannelConformance({
  kind: "sureadhere",
  setup: sureadhereSubject,
  except: [
    ...noStreams,
    ...noButtons,
    { test: "same_event", reason: "SureAdhere's requests carry no id, and the same words may be said twice" },
    { test: "own_messages", reason: "only patients write, and what we send does not come back" },
  ],
});
