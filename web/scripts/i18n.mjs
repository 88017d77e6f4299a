// Checks the message files of the hub's pages, or of the folder that is named
// (`node scripts/i18n.mjs home/src`); any finding fails the build.
//  - both languages have the same keys and the same {placeholders}
//  - every t("key") of the sources exists, and every key is used
//  - every Problem code of ../errors.go and every gap cause of ../segment.go has a sentence
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = new URL("..", import.meta.url).pathname;
const folder = process.argv[2] ?? "src";
const read = (path) => readFileSync(join(root, path), "utf8");
const vi = JSON.parse(read(join(folder, "i18n/vi.json")));
const en = JSON.parse(read(join(folder, "i18n/en.json")));
const findings = [];

const holes = (text) => [...text.matchAll(/\{\w+\}/g)].map((m) => m[0]).sort().join();
for (const key of new Set([...Object.keys(vi), ...Object.keys(en)])) {
  if (!(key in en)) findings.push(`en.json lacks ${key}`);
  else if (!(key in vi)) findings.push(`vi.json lacks ${key}`);
  else if (holes(vi[key]) !== holes(en[key])) findings.push(`${key}: the placeholders differ`);
  if (vi[key] !== undefined && vi[key] !== vi[key].normalize("NFC")) findings.push(`${key}: not in NFC`);
}

const sources = readdirSync(join(root, folder), { recursive: true })
  .filter((name) => /\.(svelte|ts)$/.test(name))
  .map((name) => read(join(folder, name)))
  .join("\n");
const used = new Set();
for (const [, key] of sources.matchAll(/["'`]([a-z][A-Za-z]*(?:\.[A-Za-z-]+)+)["'`]/g)) if (key in vi) used.add(key);
for (const [, key] of sources.matchAll(/\bt\("([^"]+)"/g)) if (!(key in vi)) findings.push(`no message ${key}`);
// t(`kind.${x}`) uses every key of the family.
const families = new Set([...sources.matchAll(/`([a-z][A-Za-z]*(?:\.[A-Za-z]+)*\.)\$\{/g)].map((m) => m[1]));
for (const key of Object.keys(vi)) {
  if (!used.has(key) && ![...families].some((f) => key.startsWith(f))) findings.push(`${key} is never used`);
}

const consts = (path, type) => [...readFileSync(join(root, "..", path), "utf8").matchAll(new RegExp(`${type}\\s*=\\s*"([a-z-]+)"`, "g"))].map((m) => m[1]);
const codes = consts("errors.go", "Code");
const causes = consts("segment.go", "GapCause");
if (codes.length === 0 || causes.length === 0) findings.push("no codes found in ../errors.go or ../segment.go");
for (const code of codes) if (!(`problem.${code}` in vi)) findings.push(`no sentence for code ${code}`);
for (const cause of causes) if (!(`cause.${cause}` in vi)) findings.push(`no sentence for cause ${cause}`);

if (findings.length > 0) {
  console.error(findings.join("\n"));
  process.exit(1);
}
console.log(`i18n: ${folder}: ${Object.keys(vi).length} messages in two languages, ${codes.length} codes, ${causes.length} causes`);
