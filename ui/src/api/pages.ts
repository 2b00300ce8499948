// Lists of Kubeflow Pipelines' API come in pages; who shows one wants all of it.

import { get } from "./client";
import type { Listed } from "./kfp";

const PAGE = 200;

/** Every item of a list, page by page, up to `most`. */
export async function all<Item>(path: string, key: string, query: Record<string, string> = {}, signal?: AbortSignal, most = 10_000): Promise<readonly Item[]> {
  const items: Item[] = [];
  let token = "";
  do {
    // Each page is asked for with the token of the one before it.
    // oxlint-disable-next-line no-await-in-loop
    const page = await get<Listed<string, Item>>(path, { ...query, page_size: PAGE, page_token: token }, signal);
    items.push(...((page as Record<string, unknown>)[key] as readonly Item[] | undefined ?? []));
    token = (page as { next_page_token?: string }).next_page_token ?? "";
  } while (token && items.length < most);
  return items;
}

