/**
 * A part of the pages, asked for again where the browser has dropped its connection: it does so whenever the networks of
 * the machine change, as when an engine starts something.
 */
export const again =
  <Module>(load: () => Promise<Module>, waits: readonly number[] = [100, 400, 1600]) =>
  async (): Promise<Module> => {
    try {
      return await load();
    } catch (error) {
      const [wait, ...later] = waits;
      if (wait === undefined) throw error;
      styleAgain(error);
      await new Promise((done) => setTimeout(done, wait));
      return again(load, later)();
    }
  };

/** A style sheet that did not come is not asked for a second time by itself. */
function styleAgain(error: unknown): void {
  const address = error instanceof Error && /preload CSS for (\S+)/.exec(error.message)?.[1];
  if (!address) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  document.head.append(link);
}
