import { describe, expect, it } from "vitest";
import { configNameProblem, keysProblem, pythonUse, setCommand } from "./config";

describe("secrets and config maps", () => {
  it.each([
    ["my-secret", true],
    ["a.b", true],
    ["", false],
    ["My", false],
    ["-a", false],
  ])("the name %j is fine: %s", (name, isFine) => expect(configNameProblem(name) === undefined).toBe(isFine));

  it.each([
    [["token"], true],
    [["a.b", "A_B"], true],
    [[], false],
    [["a b"], false],
    [["a", "a"], false],
  ])("the keys %j are fine: %s", (keys, isFine) => expect(keysProblem(keys.map((name) => ({ name, value: "" }))) === undefined).toBe(isFine));

  it("are used in a pipeline, and made by a command", () => {
    expect(pythonUse("secrets", "s", ["my-token"])).toContain('use_secret_as_env(task, secret_name="s", secret_key_to_env={"my-token": "MY_TOKEN"})');
    expect(pythonUse("config-maps", "s", ["a"])).toContain("use_config_map_as_env(task, config_map_name=");
    expect(setCommand("config-maps", "s", ["a", "b"])).toBe("coracle config-map set s a=... b=...");
  });
});
