import { describeChannelConformance, noButtons, noStreams } from "./conformance.ts";
import { metaSubject } from "./whatsapp-meta-subject.ts";
import { whatsappSubject } from "./whatsapp-subject.ts";

describeChannelConformance({
  kind: "whatsapp (twilio)",
  setup: ({ log }) => whatsappSubject(log),
  except: [...noStreams, ...noButtons],
});
describeChannelConformance({
  kind: "whatsapp (meta)",
  setup: metaSubject,
  except: noStreams,
});
