import { fileURLToPath } from "node:url";

import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Stands in index.html for what the hub makes anew with every answer. */
const NONCE = "__CSP_NONCE__";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "~": fileURLToPath(new URL("src", import.meta.url)) } },
  html: { cspNonce: NONCE },
  build: {
    outDir: "../src/farwatch/hub/console/dist",
    emptyOutDir: true,
    assetsDir: "console/assets",
    // The hub's policy lets fonts and images in from itself alone, never as data in a style sheet's place.
    assetsInlineLimit: 0,
    target: "es2022",
    chunkSizeWarningLimit: 1200,
  },
  server: {
    // `npm run dev` beside a running hub: HUB names its address.
    proxy: { "/api": { target: process.env.HUB ?? "http://127.0.0.1:8080" } },
  },
  test: {
    include: ["src/**/*.test.{ts,tsx}"],
    environment: "node",
    restoreMocks: true,
  },
});
