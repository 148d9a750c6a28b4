import { describeChannelConformance, noButtons } from "./conformance.ts";
import { slackSubject } from "./slack-subject.ts";

describeChannelConformance({ kind: "slack", setup: ({ log }) => slackSubject(log), except: noButtons });
