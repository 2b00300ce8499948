/** The style sheets that did not come, by their address. What loads a part with its style asks for each only once. */
const lost = new Map<string, HTMLLinkElement>();

/** Those that are being asked for again. */
const asked = new Map<string, Promise<void>>();

// What happens to an element is not told to those around it otherwise.
globalThis.addEventListener?.(
  "error",
  ({ target }) => {
    if (target instanceof HTMLLinkElement && target.rel === "stylesheet") lost.set(target.href, target);
  },
  true,
);

/**
 * A part of the pages with its style, asked for again where the browser has dropped its connection: it does so whenever the
 * networks of the machine change, as when an engine starts something.
 */
export const again =
  <Module>(load: () => Promise<Module>, waits: readonly number[] = [100, 400, 1600]) =>
  async (): Promise<Module> => {
    const whole = async () => {
      await Promise.all([...lost.values()].map(styleAgain));
      return load();
    };
    for (const wait of waits) {
      try {
        return await whole();
      } catch {
        await new Promise((done) => setTimeout(done, wait));
      }
    }
    return whole();
  };

function styleAgain(link: HTMLLinkElement): Promise<void> {
  const running = asked.get(link.href);
  if (running) return running;
  const fresh = link.cloneNode() as HTMLLinkElement;
  const coming = new Promise<void>((came, failed) => {
    fresh.addEventListener("load", () => {
      lost.delete(fresh.href);
      came();
    });
    fresh.addEventListener("error", () => failed(new Error(`the style ${fresh.href} did not come`)));
  }).finally(() => asked.delete(fresh.href));
  asked.set(fresh.href, coming);
  link.replaceWith(fresh);
  return coming;
}
