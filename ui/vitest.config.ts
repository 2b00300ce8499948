import { defineConfig } from "vitest/config";

const alias = { "@": new URL("./src", import.meta.url).pathname };

// `unit` needs nothing; `e2e`, `bench` and `screens` need the built program (CORACLE_BIN), Chromium and an engine.
export default defineConfig({
  test: {
    projects: [
      { resolve: { alias }, test: { name: "unit", include: ["src/**/*.test.ts"] } },
      { resolve: { alias }, test: { name: "e2e", include: ["e2e/**/*.test.ts"], testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false } },
      { resolve: { alias }, test: { name: "bench", include: ["bench/all.test.ts"], testTimeout: 300_000, hookTimeout: 300_000, disableConsoleIntercept: true } },
      { resolve: { alias }, test: { name: "screens", include: ["e2e/screens.ts"], testTimeout: 600_000, hookTimeout: 600_000 } },
    ],
  },
});
