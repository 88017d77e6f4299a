// A self-test's lines: which sentence names what to do.
import type { TestLine } from "../api/types";

/** Message keys for a red line, the most fitting first; the last one always exists. */
export function fixKeys(name: TestLine["name"], fix: string | undefined): string[] {
  return fix ? [`fix.${name}.${fix}`, `fix.${fix}`, "fix.other"] : ["fix.other"];
}

/** What has to be mended first, then what is good; each in the order of the test. */
export function redFirst(lines: TestLine[]): TestLine[] {
  return [...lines.filter((l) => !l.ok), ...lines.filter((l) => l.ok)];
}
