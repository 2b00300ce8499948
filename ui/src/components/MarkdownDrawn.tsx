// Loaded when the first text in Markdown is shown.

import Reader, { type Components } from "react-markdown";
import tables from "remark-gfm";
import styles from "./Markdown.module.css";

const COMPONENTS: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  ),
  // Nothing is loaded because a text says so.
  img: ({ src, alt }) => (typeof src === "string" ? <a href={src} target="_blank" rel="noreferrer noopener">{alt || src}</a> : alt),
};

export default function MarkdownDrawn({ text }: { readonly text: string }) {
  return (
    <div className={styles.text}>
      <Reader remarkPlugins={[tables]} components={COMPONENTS}>
        {text}
      </Reader>
    </div>
  );
}
