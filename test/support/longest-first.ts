import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Files that wait more than they compute, longest first. They start processes, kill them, and wait until leases expire.
 */
const LONGEST = [
  "test/torture/torture.test.ts",
  "test/stories/processes.test.ts",
  "test/stories/engine.test.ts",
  "test/stories/stop.test.ts",
  "test/web/checks.test.ts",
  "test/security/bodies.test.ts",
  "test/security/sockets.test.ts",
  "test/stories/events.test.ts",
  "test/security/connections.test.ts",
  "test/web/chat.test.ts",
  "test/web/widget.test.ts",
  "test/web/confined.test.ts",
  "test/stories/faults.test.ts",
  "test/stories/properties.test.ts",
  "test/stories/slack.test.ts",
  "test/stories/engine-streams.test.ts",
  "test/stories/silence.test.ts",
];

/**
 * Starts each project with the files that take longest. Vitest sorts files by their last duration, and without one by
 * size. Then a small file that takes two minutes would run alone at the end.
 */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const place = new Map(sorted.map((file, index) => [file, index]));
    const rank = (file: TestSpecification) => {
      const nth = LONGEST.findIndex((name) => file.moduleId.endsWith(`/${name}`));
      return nth === -1 ? LONGEST.length : nth;
    };
    const project = (file: TestSpecification) => file.project.name;
    return sorted.sort(
      (a, b) =>
        project(a).localeCompare(project(b)) ||
        rank(a) - rank(b) ||
        (place.get(a) ?? 0) - (place.get(b) ?? 0),
    );
  }
}
