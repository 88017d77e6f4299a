// Puts three pictures of a household's page side by side, for its guide.
//   node e2e/household-picture.mjs FOLDER OUT NAME NAME NAME
import { readFileSync } from "node:fs";
import { openBrowser } from "./village.mjs";

const [folder, out, ...names] = process.argv.slice(2);
const phones = names.map((n) => `<img src="data:image/png;base64,${readFileSync(`${folder}/${n}.png`).toString("base64")}">`);
const browser = await openBrowser();
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
await page.setContent(`<style>
  body { margin: 0; display: flex; gap: 36px; justify-content: center; padding: 36px; background: #e9ebe8; }
  img { width: 374px; height: 812px; object-fit: cover; object-position: top; border-radius: 22px; border: 8px solid #17211f; background: #f3f5f2; }
</style>${phones.join("")}`);
await page.evaluate(() => Promise.all([...document.images].map((i) => i.decode())));
await page.screenshot({ path: out });
await browser.close();
