import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// `npm run dev` shows the sources against a running service: DISTILLERY_URL, else the default address of `up`.
const service = process.env.DISTILLERY_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  base: "./", // the service puts its path prefix before every file's name: the build is tied to no address
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  // Nothing may be inlined: the service answers with `Content-Security-Policy: default-src 'self'`.
  build: {
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800, // kB unpacked; a browser test holds what is sent to 200 KiB
    modulePreload: { polyfill: false },
    // What many pages share comes as one file: dozens of little ones are more bytes, and a request each.
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: "common", minShareCount: 9, test: /\/src\/|lucide-react/ }] } },
    },
    target: "es2023",
    cssTarget: ["chrome123", "firefox120", "safari17.5"], // the first with light-dark()
  },
  server: { proxy: { "/v1": { target: service, changeOrigin: true } } },
  // No test is about time: a slow machine is given its own.
  test: {
    environment: "jsdom",
    globals: true,
    setupFiles: ["src/testing/setup.ts"],
    css: false,
    testTimeout: 60_000,
  },
});
