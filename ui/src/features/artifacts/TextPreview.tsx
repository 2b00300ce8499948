import { Scrolls } from "@/components/Scrolls";
import { prettyJson } from "@/domain/prettyJson";
import { Cut } from "./Cut";
import styles from "./Preview.module.css";

/** The beginning of a text; JSON is indented where all of it is there. */
export function TextPreview({ text, mediaType, isCut }: { readonly text: string; readonly mediaType: string; readonly isCut: boolean }) {
  if (text === "") return <p className={styles.note}>The file is empty.</p>;
  return (
    <>
      <Scrolls label="Text" className={styles.text}>
        <pre>{isCut ? text : prettyJson(text, mediaType)}</pre>
      </Scrolls>
      {isCut && <Cut />}
    </>
  );
}
