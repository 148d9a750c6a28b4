import { describeChannelConformance } from "./conformance.ts";
import { slackSubject } from "./slack-subject.ts";

describeChannelConformance({ kind: "slack", setup: slackSubject });
