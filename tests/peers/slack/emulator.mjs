// emulate's Slack, with what its own command line does not offer: it tells of events, begins anew within a millisecond,
// shows what no method of Slack's reads back, lets somebody be deactivated, and lives by the clock of the tests.
//
// node emulator.mjs PORT    prints "ready" once it serves; ends when its standard input does, so it never stays behind
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const port = Number(process.argv[2]);
const dist = join(import.meta.dirname, "node_modules", "emulate", "dist");
const load = (name) => import(pathToFileURL(join(dist, name)));

// The name of the file with Slack in it holds a hash of its content, so it is known by what stands in it.
const isSlack = (name) => /^dist-.*\.js$/.test(name) && readFileSync(join(dist, name), "utf8").includes("/api/chat.postMessage");
const { getSlackStore, slackPlugin } = await load(readdirSync(dist).find(isSlack));
const { createEmulator } = await load("api.js");

let now = null;
const machine = Date.now;
Date.now = () => now ?? machine();

const seed = { slack: {} };
let emulator;
const register = slackPlugin.register;
slackPlugin.register = function (app, store, events, ...rest) {
  const told = events.register({ url: "", events: ["*"], active: false, owner: "slack" });
  const slack = () => getSlackStore(store);
  app.use("*", async (c, next) => {
    now = Number(c.req.header("X-Now")) || now;
    await next();
  });
  app.post("/_test/reset", async (c) => {
    const { workspace, url } = await c.req.json();
    for (const key of Object.keys(seed.slack)) delete seed.slack[key];
    Object.assign(seed.slack, workspace);
    events.updateSubscription(told.id, { url, active: true });
    emulator.reset();
    return c.json({ users: slack().users.all(), channels: slack().channels.all() });
  });
  app.get("/_test/views", (c) => c.json(slack().views.all()));
  app.get("/_test/whispers", (c) => c.json(slack().ephemeralMessages.all()));
  app.post("/_test/deactivate/:user", async (c) => {
    const user = slack().users.findOneBy("user_id", c.req.param("user"));
    const { user_id: id, team_id, name, real_name, is_bot, deleted, profile } = slack().users.update(user.id, { deleted: true });
    const event = { type: "user_change", user: { id, team_id, name, real_name, is_bot, deleted, profile } };
    await events.dispatch("user_change", undefined, { type: "event_callback", event }, "slack");
    return c.json({});
  });
  return register.call(this, app, store, events, ...rest);
};

emulator = await createEmulator({ service: "slack", port, seed });
process.stdin.on("end", () => process.exit(0)).resume();
console.log("ready");
