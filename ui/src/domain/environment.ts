/** The packages of an install text, by which people know a prepared environment. */
export function packagesOf(install: string): readonly string[] {
  const listed = /<<'END OF THE FILE'\n([\s\S]*?)\nEND OF THE FILE/.exec(install)?.[1];
  const fromFile = install.includes("requirements.txt") && listed ? listed.split("\n").filter((line) => line.trim() && !line.startsWith("#")) : [];
  const fromWords = [...install.matchAll(/pip install\s+((?:'[^']*'|"[^"]*"|[^\n&;|'"])*)/g)].flatMap(([, words = ""]) => named(words));
  return [...new Set([...fromFile, ...fromWords])];
}

/** Words of a `pip install` that are packages: no options, their values or files. */
function named(words: string): readonly string[] {
  const all = [...words.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, one, other, bare]) => one ?? other ?? bare ?? "");
  return all
    .filter((word, index) => !word.startsWith("-") && !TAKES_VALUE.has(all[index - 1] ?? "") && /^[A-Za-z0-9]/.test(word) && !/\.txt$|\/\//.test(word))
    .map((word) => (word.split(";")[0] ?? word).trim());
}

const TAKES_VALUE = new Set(["-r", "--requirement", "-i", "--index-url", "--extra-index-url", "--trusted-host", "-t", "--target"]);
