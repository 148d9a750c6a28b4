import { describeChannelConformance, noStreams } from "./conformance.ts";
import { metaSubject } from "./whatsapp-meta-subject.ts";
import { whatsappSubject } from "./whatsapp-subject.ts";

describeChannelConformance({
  kind: "whatsapp (twilio)",
  setup: ({ log }) => whatsappSubject(log),
  except: noStreams,
});
describeChannelConformance({
  kind: "whatsapp (meta)",
  setup: ({ log }) => metaSubject(log),
  except: noStreams,
});
