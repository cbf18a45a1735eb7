// Chromium without a window, driven through a pipe by its DevTools protocol: no package is needed.

import { spawn } from "node:child_process";

// Starts one; `command` is its path, and in `profile`, a folder, it keeps what it wants.
export async function start(command, profile, width, height) {
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe",
    "--force-color-profile=srgb", `--user-data-dir=${profile}`, `--window-size=${width},${height}`];
  const child = spawn(command, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const waiting = new Map(), listeners = [];
  let last = 0, session, rest = "";
  const ended = new Promise((resolve) => child.once("exit", resolve));
  ended.then(() => waiting.forEach(({ reject }) => reject(new Error("the browser has ended"))));
  child.stdio[3].on("error", () => {});
  child.stdio[4].setEncoding("utf8");
  child.stdio[4].on("data", (data) => {
    const messages = (rest + data).split("\0");
    rest = messages.pop();
    for (const message of messages.map((text) => JSON.parse(text))) {
      if (message.id === undefined) listeners.forEach((listener) => listener(message.method, message.params));
      const asked = waiting.get(message.id);
      waiting.delete(message.id);
      if (asked && message.error) asked.reject(new Error(`${asked.method}: ${message.error.message}`));
      else if (asked) asked.resolve(message.result);
    }
  });
  const ask = (method, params = {}) =>
    new Promise((resolve, reject) => {
      waiting.set(++last, { method, resolve, reject });
      child.stdio[3].write(`${JSON.stringify({ id: last, method, params, sessionId: session })}\0`);
    });

  const { targetId } = await ask("Target.createTarget", { url: "about:blank" });
  session = (await ask("Target.attachToTarget", { targetId, flatten: true })).sessionId;
  for (const domain of ["Page", "Runtime", "Log", "Network"]) await ask(`${domain}.enable`);
  await ask("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });

  return {
    ask,
    listen: (listener) => listeners.push(listener),
    // The value of an expression in the page; what it throws is thrown here.
    async value(expression) {
      const { result, exceptionDetails } = await ask("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
      if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    },
    async open(url) {
      const loaded = new Promise((resolve) => listeners.push((method) => method === "Page.loadEventFired" && resolve()));
      await ask("Page.navigate", { url });
      await loaded;
    },
    mouse: (type, x, y, more = {}) => ask("Input.dispatchMouseEvent", { type, x, y, ...more }),
    async key(key, text) {
      await ask("Input.dispatchKeyEvent", { type: "keyDown", key, text });
      await ask("Input.dispatchKeyEvent", { type: "keyUp", key });
    },
    prefer: (scheme) => ask("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] }),
    // What is seen, as a PNG of that height.
    async picture(height) {
      const clip = { x: 0, y: 0, width, height, scale: 1 };
      return Buffer.from((await ask("Page.captureScreenshot", { format: "png", clip })).data, "base64");
    },
    async end() {
      ask("Browser.close").catch(() => {});
      await ended;
    },
  };
}
