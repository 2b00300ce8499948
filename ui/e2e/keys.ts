// Going about a page without a pointer.

import type { Locator, Page } from "playwright-core";
import { expect } from "vitest";

type Role = Parameters<Page["getByRole"]>[0];
type Name = string | RegExp;

/** Nothing on a page is farther away than so many presses of a key. */
const FARTHEST = 150;

const FOCUS = ":focus";

export class Keys {
  constructor(private readonly page: Page) {}

  readonly press = (key: string): Promise<void> => this.page.keyboard.press(key);

  readonly type = (text: string): Promise<void> => this.page.keyboard.type(text);

  /** Presses a key until something has the focus, which has to be seen. */
  async until(key: string, wanted: Locator): Promise<void> {
    const found = wanted.and(this.page.locator(FOCUS));
    const passed: string[] = [];
    for (let presses = 0; (await found.count()) === 0; presses += 1) {
      if (presses === FARTHEST) throw new Error(`${key} does not lead to it, but to:\n${passed.slice(-60).join("\n")}`);
      // oxlint-disable-next-line no-await-in-loop -- one press after the other
      await this.press(key);
      // oxlint-disable-next-line no-await-in-loop -- as above
      passed.push(await this.where());
    }
    expect(await this.isSeen(), `one sees that ${wanted} has the focus`).toBe(true);
  }

  /** Goes on by Tab. What is wanted has to be there, or to come. */
  async to(role: Role, name: Name, around: Page | Locator = this.page): Promise<void> {
    const wanted = around.getByRole(role, { name, ...(typeof name === "string" && { exact: true }) });
    await wanted.first().waitFor({ state: "attached" });
    await this.until("Tab", wanted);
  }

  /** Goes to a button or a link and presses it. */
  async activate(role: Role, name: Name, around?: Page | Locator): Promise<void> {
    await this.to(role, name, around);
    await this.press("Enter");
  }

  /** Opens a menu and takes one of its items. */
  async choose(menu: Name, item: Name, around?: Page | Locator): Promise<void> {
    await this.activate("button", menu, around);
    const wanted = this.page.getByRole("menuitem", { name: item });
    await wanted.waitFor();
    await this.until("ArrowDown", wanted);
    await this.press("Enter");
  }

  /** Goes to tabs, and along them to one. */
  async turnTo(tab: Name, around: Page | Locator = this.page): Promise<void> {
    await around.getByRole("tab").first().waitFor();
    await this.until("Tab", around.getByRole("tab"));
    await this.until("ArrowRight", around.getByRole("tab", { name: tab }));
  }

  /** Replaces what is in a field. */
  async fill(name: Name, text: string, around?: Page | Locator): Promise<void> {
    await this.to("textbox", name, around);
    await this.press("Control+a");
    await this.type(text);
  }

  /** Waits until something has the focus. */
  async arrives(wanted: Locator): Promise<void> {
    await wanted.and(this.page.locator(FOCUS)).waitFor({ state: "attached" });
  }

  private readonly where = (): Promise<string> =>
    this.page.evaluate(() => {
      const element = document.activeElement;
      return element ? `${element.tagName} ${element.getAttribute("aria-label") ?? element.textContent?.slice(0, 60)}` : "nothing";
    });

  private readonly isSeen = (): Promise<boolean> =>
    this.page.evaluate(() => {
      const element = document.activeElement;
      if (!element?.matches(":focus-visible")) return false;
      // Fields have a cursor, and the items of a menu a ground of their own.
      return getComputedStyle(element).outlineStyle !== "none" || element.matches("input, [contenteditable], [data-highlighted]");
    });
}
