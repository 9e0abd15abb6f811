// Reads a manifest with Microsoft's own package, and checks it and each of its languages against the schemas in there.
// What is wrong is written as JSON, a list for each file; nothing is asked over the network.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { argv, stdout } from "node:process";

import manifests from "@microsoft/app-manifest";

globalThis.fetch = (url) => {
  throw new Error(`the package does not hold ${url}`);
};

const { AppManifestUtils } = manifests;
const json = async (file) => JSON.parse(await readFile(file, "utf8"));
// Two patterns in the schema of translations close a bracket without a backslash: no Unicode expression may do that.
const mended = (schema) => JSON.parse(JSON.stringify(schema).replaceAll(String.raw`\\b]`, String.raw`\\b\\]`));
const [path] = argv.slice(2);

const manifest = await json(path);
const faults = { "manifest.json": await AppManifestUtils.validateAgainstSchema(manifest) };
for (const { file } of manifest.localizationInfo.additionalLanguages) {
  const texts = await json(join(dirname(path), file));
  const schema = mended(await AppManifestUtils.fetchSchema(texts.$schema));
  faults[file] = await AppManifestUtils.validateAgainstSchema(texts, schema);
}
// It refuses to read what is not as its schema wants it.
const read = faults["manifest.json"].length ? null : await AppManifestUtils.readTeamsManifest(path);
stdout.write(JSON.stringify({ faults, read }));
