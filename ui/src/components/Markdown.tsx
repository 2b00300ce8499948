import { lazy, Suspense } from "react";
import { Skeleton } from "./Empty";
import { again } from "./again";

const Drawn = lazy(again(() => import("./MarkdownDrawn")));

/** A text in Markdown. HTML in it is text, and what it would load from elsewhere is a link. */
export const Markdown = ({ text }: { readonly text: string }) => (
  <Suspense fallback={<Skeleton rows={4} />}>
    <Drawn text={text} />
  </Suspense>
);
