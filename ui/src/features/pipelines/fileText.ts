import { useEffect, useState } from "react";
import { isSource, nameInFile, nameOfFile } from "@/domain/definition";

interface Known {
  readonly file: File;
  readonly text?: string;
}

/** A larger file is not looked into. */
const MOST = 4_000_000;

/** The text of a file that is one, and the name of the pipeline in it; of an address, only the name at its end. */
export function useFileText(file: File | undefined, url: string): { readonly text?: string | undefined; readonly name: string } {
  const [known, setKnown] = useState<Known>();
  useEffect(() => {
    if (!file || file.size > MOST || !/\.(ya?ml|json|py)$/i.test(file.name)) return;
    let isWanted = true;
    void file.text().then((text) => isWanted && setKnown({ file, text }));
    return () => {
      isWanted = false;
    };
  }, [file]);
  const text = known?.file === file ? known?.text : undefined;
  const fileName = file?.name ?? url.split(/[?#]/)[0]?.split("/").at(-1) ?? "";
  return { text, name: (text && !isSource(fileName) && nameInFile(text)) || nameOfFile(fileName) };
}
