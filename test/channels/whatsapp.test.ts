import { describeChannelConformance } from "./conformance.ts";
import { whatsappSubject } from "./whatsapp-subject.ts";

describeChannelConformance({ kind: "whatsapp", setup: ({ log }) => whatsappSubject(log) });
