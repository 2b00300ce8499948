import { expect, it } from "vitest";
import { packagesOf } from "./environment";

it.each<[string, string, readonly string[]]>([
  ["a lightweight component", "python3 -m pip install --quiet 'kfp==2.17.0' '--no-deps' 'typing-extensions>=3.7.4,<5; python_version<\"3.9\"' && \"$0\"", ["kfp==2.17.0", "typing-extensions>=3.7.4,<5"]],
  ["several installs", "pip install pandas\npip install -r requirements.txt numpy", ["pandas", "numpy"]],
  ["an index", "pip install --index-url https://pypi.org/simple torch", ["torch"]],
  ["a list in the text", "cat > requirements.txt <<'END OF THE FILE'\n# why\njupyterlab>=4\nEND OF THE FILE\npip install --requirement requirements.txt", ["jupyterlab>=4"]],
  ["something else", "apt-get install -y gcc", []],
])("the packages of %s", (_, text, packages) => expect(packagesOf(text)).toEqual(packages));
