import { describeChannelConformance } from "./conformance.ts";
import { telegramSubject } from "./telegram-subject.ts";

describeChannelConformance({ kind: "telegram", setup: telegramSubject });
