import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

export default defineConfig(async ({ mode }) => ({
  // The mock hub answers /api/v1 in `npm run dev` and in the page checks only.
  plugins: [svelte(), ...(mode === "mock" ? [(await import("./dev/mock.ts")).mockHub()] : [])],
  build: {
    target: "es2022",
    // Inlined assets would be data: addresses, which the content security policy refuses for fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The map is one library, loaded only when a case is opened.
    chunkSizeWarningLimit: 1200,
  },
}));
