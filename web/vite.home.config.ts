// The household's page: a web of its own in home/, written to dist-home/.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig(async ({ mode }) => ({
  root: path("home"),
  publicDir: path("public"),
  // The mock agent answers /api/v1 in `npm run dev:home` and in the page checks only.
  plugins: [svelte({ configFile: path("svelte.config.js") }), ...(mode === "mock" ? [(await import("./dev/home-mock.ts")).mockAgent()] : [])],
  build: {
    outDir: path("dist-home"),
    emptyOutDir: true,
    target: "es2022", // phones of the last five years
    // Inlined assets would be data: addresses, which the content security policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
}));
