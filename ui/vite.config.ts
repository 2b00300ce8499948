import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` shows the pages of a workbench that runs: CORACLE_URL says where.
const workbench = process.env.CORACLE_URL ?? "http://127.0.0.1:8890";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": new URL("./src", import.meta.url).pathname } },
  build: { outDir: "dist/pages", target: "es2023", assetsInlineLimit: 0, sourcemap: false, reportCompressedSize: true },
  server: {
    proxy: Object.fromEntries(
      ["/api", "/apis", "/notebook", "/serving", "/version", "/openapi"].map((path) => [
        path,
        // The workbench answers only its own pages, so it is asked in its own name.
        { target: workbench, changeOrigin: true, ws: true, headers: { origin: workbench } },
      ]),
    ),
  },
});
