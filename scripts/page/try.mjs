// Uses the pages of a folder, and says what holds. Run by scripts/try-page.

import { readFileSync, writeFileSync } from "node:fs";
import { start } from "./browser.mjs";

const [command, folder, ...rest] = process.argv.slice(2);
const picture = rest[0] === "--picture" ? rest[1] : undefined;
const PICTURE_HEIGHT = 600;
const browser = await start(command, `${folder}/profile`, 1400, 820);

const complaints = [], fetched = [];
browser.listen((method, { exceptionDetails, entry, type, args, request }) => {
  if (method === "Runtime.exceptionThrown") complaints.push(exceptionDetails.exception?.description ?? exceptionDetails.text);
  if (method === "Log.entryAdded" && entry.level === "error") complaints.push(entry.text);
  if (method === "Runtime.consoleAPICalled" && ["error", "warning", "assert"].includes(type)) complaints.push(JSON.stringify(args));
  if (method === "Network.requestWillBeSent") fetched.push(request.url);
});

function holds(what, is, seen = "") {
  if (!is) throw new Error(`${what}: ${seen}`);
  console.log(`ok ${what}`);
}
function same(what, seen, wanted) {
  holds(what, JSON.stringify(seen) === JSON.stringify(wanted), `${JSON.stringify(seen)} and not ${JSON.stringify(wanted)}`);
}
const { value } = browser;
// Until what was asked for is drawn.
const drawn = () => value("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(() => drawn(0))))");
const open = async (name) => {
  await browser.open(`file://${folder}/${name}.html`);
  await drawn();
};
const key = async (name) => {
  await browser.key(name, name.length === 1 ? name : undefined);
  await drawn();
};
const type = async (words) => {
  for (const letter of words) await browser.key(letter, letter);
  await drawn();
};
// The middle of a slice, in the page.
const middleOf = (kind, id) => value(`(() => {
  const task = SLICES[${JSON.stringify(kind)}].task[${id}];
  const [from, to] = endsOf({ kind: ${JSON.stringify(kind)}, id: ${id} });
  const { left, top } = chart.getBoundingClientRect();
  return [left + toX((from + to) / 2), top + rowY(task) + ROW / 2];
})()`);
const pointAt = async (x, y) => {
  await browser.mouse("mouseMoved", x, y);
  await drawn();
};
const click = async (x, y) => {
  await browser.mouse("mousePressed", x, y, { button: "left", clickCount: 1 });
  await browser.mouse("mouseReleased", x, y, { button: "left", clickCount: 1 });
  await drawn();
};
const words = (id) => value(`document.getElementById("${id}").innerText`);
const shown = () => value("[view.from, view.to]");

async function tryParts() {
  await open("pipeline");
  const log = readFileSync(`${folder}/pipeline.json`, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const named = (message) => log.filter((event) => event.message === message).length;
  same("a row a task, a slice a turn, as many as in the log", await value("[tasks.length, turns.count]"), [named("spawned"), named("chosen")]);
  const pixels = await value(`(() => {
    const colours = new Set(new Uint32Array(ink.getImageData(0, 0, chart.width, chart.height).data.buffer));
    return [colours.size, ...[...document.querySelectorAll("canvas")].map((canvas) => canvas.width * canvas.height > 10000)];
  })()`);
  holds("both canvases are drawn on", pixels[0] > 20 && pixels[1] && pixels[2], pixels);
  const unnamed = await value(`[...document.querySelectorAll("button, input, canvas, aside")].filter((part) =>
    !(part.innerText || part.ariaLabel || part.labels?.length)).map((part) => part.id)`);
  same("each part that can be used has a name", unnamed, []);
  const apart = await value(`flows.to.reduce((most, turn, flow) =>
    Math.max(most, ...[TIME, EVENTS].map((axis) => Math.abs(flows.at[axis][flow] - readyFrom[axis][turn]))), 0)`);
  same("an arrow stands where the time begins in which its task is ready", apart, 0);
  const early = await value(`marks.name.filter((name, mark) => text(name) === "exited" &&
    [TIME, EVENTS].some((axis) => markAt[axis][mark] < lanesOf.turn[marks.task[mark]].to[axis].at(-1))).length`);
  same("the mark of an end is not within a turn", early, 0);
  await value("document.activeElement.blur()");
  const reached = [];
  for (let i = 0; i < 9; i++) {
    await browser.key("Tab");
    reached.push(await value("document.activeElement.id"));
  }
  holds("Tab reaches the search, the buttons and the chart", ["search", "fit", "theme", "chart"].every((id) => reached.includes(id)), reached);
  return log;
}

// What has to be told apart: words from what they stand on by 4.5, and what is drawn by 3, as WCAG's AA wants.
async function tryContrasts() {
  const weak = await value(`(() => {
    const linear = (part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    const light = (name) => {
      const [red, green, blue] = [1, 3, 5].map((at) => linear(parseInt(colours[name].slice(at, at + 2), 16) / 255));
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
    };
    const waits = KINDS.map((kind) => "wait-" + kind), grounds = ["ground", "panel", "row", "kin"];
    const pairs = [["turn-text", ["turn"], 4.5], ["panel", ["accent"], 4.5], ["ground", ["ink"], 4.5], ["wait-text", waits.map((wait) => wait + "-soft"), 4.5],
      ...["ink", "soft", "faint", "accent"].map((name) => [name, grounds, 4.5]),
      ...["turn", "ready", "stop", "soft", "arrow-strong", "graph", ...waits].map((name) => [name, grounds, 3])];
    const weak = [];
    for (const theme of ["light", "dark"]) {
      useTheme(theme);
      for (const [name, others, least] of pairs) for (const other of others) {
        const [a, b] = [light(name), light(other)], ratio = Math.max(a, b) / Math.min(a, b);
        if (!(ratio >= least)) weak.push([theme, name, other, ratio].join(" "));
      }
    }
    return weak;
  })()`);
  same("words and slices stand out, dark and light", weak, []);
}

async function tryNarrow() {
  const resize = async (wide) => {
    await browser.ask("Emulation.setDeviceMetricsOverride", { width: wide, height: 820, deviceScaleFactor: 1, mobile: false });
    await drawn();
  };
  await resize(800);
  await value("choose(null)");
  const parts = await value(`["summary", "chart", "details"].map((id) => document.getElementById(id)).map((part) =>
    [part.clientHeight > 15, part.scrollWidth <= part.clientWidth, part.getBoundingClientRect().right <= innerWidth].every(Boolean))`);
  same("in 800 pixels the summary, the chart and the legend have room", parts, [true, true, true]);
  await resize(1400);
}

async function tryPointing(log) {
  const chosen = log.find((event) => event.message === "chosen" && event.by !== 0 && event.others !== "");
  const turn = await value(`turns.from[EVENTS].indexOf(${chosen.seq})`);
  const over = log.find((event) => event.message === "turn over" && event.tid === chosen.tid && event.seq > chosen.seq);
  const traps = log.filter((event) => event.message === "trap" && event.tid === chosen.tid && event.seq > chosen.seq && event.seq < over.seq);
  await value(`showAround(turns.from[TIME][${turn}], turns.to[TIME][${turn}])`);
  await value(`reveal(turns.task[${turn}])`);
  await drawn();
  await pointAt(...await middleOf("turn", turn));
  const tip = await words("tip");
  const name = (tid) => `${tid} ${log.find((event) => event.message === "spawned" && event.tid === tid).name}`;
  const wanted = [chosen.because, `by ${name(chosen.by)}`, `first of ${chosen.of_ready} ready`, chosen.rule, over.why, traps.at(-1).line,
    ...chosen.others.split(" ").map((tid) => name(Number(tid)))];
  same("pointing at a turn shows the reason of the decision", wanted.filter((part) => !tip.includes(part)), []);
  await click(...await middleOf("turn", turn));
  same("a click chooses the turn and its task", await value("[view.chosen.kind, view.chosen.id, tasks[view.chosen.task].tid]"), ["turn", turn, chosen.tid]);
  const told = await words("details");
  holds("its wakers are listed", told.toLowerCase().includes("woken by") && told.includes(log.find((event) => event.message === "spawned" && event.tid === chosen.by).name), told);
  await value("fit()");
  const wait = await value("waits.ns.indexOf(Math.max(...waits.ns))");
  await value(`reveal(waits.task[${wait}])`);
  await drawn();
  await pointAt(...await middleOf("wait", wait));
  holds("pointing at a wait shows what for", (await words("tip")).includes(await value(`explain(text(waits.on[${wait}]))`)), await words("tip"));
  const ended = await value(`waits.task.findIndex((task, id) => {
    const next = turnAfter({ task, id });
    return next !== undefined && /^task \\d+ ended$/.test(text(turns.because[next]));
  })`);
  await value(`chooseSlice("wait", ${ended})`);
  const [tid] = await value(`text(turns.because[turnAfter({ task: waits.task[${ended}], id: ${ended} })]).match(/\\d+/)`);
  const end = `task ${name(Number(tid))} ended`;
  holds(`a wait that was over as a ${end.split(" ")[0]} ended names it`, (await words("details")).includes(end), await words("details"));
  await value("choose(null)");
  await pointAt(1200, 600);
  same("pointing elsewhere hides it", await value("tip.hidden"), true);
}

async function tryMoving() {
  await value("choose(null); fit(); scroll(-1e9)");
  const whole = await shown();
  const { left, top } = await value("chart.getBoundingClientRect().toJSON()");
  const [x, y] = [left + 500, top + 300];
  const before = await value(`fromX(500)`);
  for (let i = 0; i < 5; i++) await browser.mouse("mouseWheel", x, y, { deltaX: 0, deltaY: -300 });
  await drawn();
  const [from, to] = await shown();
  holds("the wheel zooms", to - from < (whole[1] - whole[0]) / 3, [from, to]);
  holds("at the pointer", Math.abs((await value("fromX(500)")) - before) < (to - from) / 1000);
  await browser.mouse("mousePressed", x, y, { button: "left" });
  await browser.mouse("mouseMoved", x - 50, y, { button: "left", buttons: 1 });
  await browser.mouse("mouseMoved", x - 100, y, { button: "left", buttons: 1 });
  await browser.mouse("mouseReleased", x - 100, y, { button: "left" });
  await drawn();
  const moved = (await shown())[0] - from;
  holds("a drag moves by as much", Math.abs(moved - (await value("perPixel()")) * 100) < (await value("perPixel()")) * 2, moved);
  const chart = await value("document.getElementById('map').getBoundingClientRect().toJSON()");
  await click(chart.left + 172 + (chart.width - 172) * 0.75, chart.top + 20);
  const middle = (await shown()).reduce((a, b) => a + b) / 2;
  holds("the map moves there", Math.abs(middle - (whole[0] + (whole[1] - whole[0]) * 0.75)) < (whole[1] - whole[0]) / 100, middle);
  await value("document.getElementById('fit').click()");
  same("Fit shows all", await shown(), whole);
  for (const [id, over] of [["chart", top + 300], ["map", chart.top + 20]]) {
    const touch = (type, ...touchPoints) => browser.ask("Input.dispatchTouchEvent", { type, touchPoints });
    const isDragged = () => value(`document.getElementById("${id}").classList.contains("is-dragged")`);
    await touch("touchStart", { x, y: over });
    await touch("touchMove", { x: x - 30, y: over });
    await touch("touchMove", { x: x - 60, y: over });
    const wasDragged = await isDragged();
    await touch("touchCancel");
    await drawn();
    same(`a drag of the ${id} is over when the system takes the pointer away`, [wasDragged, await isDragged()], [true, false]);
  }
  await value("fit()");
}

async function tryKeys() {
  await value("choose(null); chart.focus()");
  const whole = await shown();
  await key("w");
  const nearer = await shown();
  await key("d");
  const right = await shown();
  await key("a");
  holds("w, a and d zoom and move", nearer[1] - nearer[0] < whole[1] - whole[0] && right[0] > nearer[0] && (await shown())[0] < right[0]);
  await key("s");
  await key("f");
  same("f shows all", await shown(), whole);
  await key("ArrowDown");
  await key("ArrowDown");
  same("down chooses a task", await value("view.chosen"), { task: 1, kind: null, id: -1 });
  await key("ArrowRight");
  await key("ArrowRight");
  const second = await value("view.chosen.kind + view.chosen.id");
  await key("ArrowLeft");
  holds("right and left choose its turns and waits", (await value("view.chosen.kind + view.chosen.id")) !== second);
  const turn = await value("lanesOf.turn.find((lane) => lane.ids.length > 2 && lane.ids.every((id) => turns.waited[id] > 0)).ids[2]");
  const before = await value(`(() => {
    const task = turns.task[${turn}], isBefore = (of) => (id) => of.from[EVENTS][id] < turns.from[EVENTS][${turn}];
    const last = (kind, of) => ({ kind, id: lanesOf[kind][task].ids.filter(isBefore(of)).at(-1), of });
    return [last("turn", turns), last("wait", waits)].filter(({ id }) => id !== undefined)
      .sort((a, b) => a.of.from[EVENTS][a.id] - b.of.from[EVENTS][b.id]).map(({ kind, id }) => [kind, id]).at(-1);
  })()`);
  const stepped = [];
  for (const arrow of ["ArrowRight", "ArrowLeft"]) {
    await value(`chooseSlice("ready", ${turn})`);
    await key(arrow);
    stepped.push(await value("[view.chosen.kind, view.chosen.id]"));
  }
  same("from the time it was ready they lead to its turn, and to what was before", stepped, [["turn", turn], before]);
  const woken = await value("turns.task[flows.to[flows.count - 1]]");
  await value("chooseSlice('turn', flows.to[flows.count - 1])");
  await key("g");
  same("g goes to who woke it", await value("[view.chosen.kind, view.chosen.id]"), await value("['turn', flows.from[flows.count - 1]]"));
  holds("which is another", (await value("view.chosen.task")) !== woken);
  const unwoken = await value("turns.because.findIndex((because) => text(because) === 'yielded')");
  await value(`chooseSlice("turn", ${unwoken})`);
  await key("g");
  same("where nobody woke it, it is said why it was ready", [await words("said"), await value("view.chosen.id")],
    ["No turn of another task made it ready: yielded.", unwoken]);
  await key("w");
  same("until something else is done", await words("said"), "");
  await value("choose({ task: turns.task[flows.to[0]], kind: null, id: -1 })");
  holds("the tint of the wakers' rows is explained", await value(`(() => {
    const tint = [...document.querySelectorAll("#details h3")].find((head) => head.innerText.toLowerCase().includes("woken by")).querySelector(".swatch");
    return tint !== null && getComputedStyle(tint).backgroundColor !== "rgba(0, 0, 0, 0)";
  })()`));
  await key("Escape");
  same("Escape lets go", await value("view.chosen"), null);
  const legend = await words("details");
  holds("the legend says what stands in a turn, and has all keys", ["last trap", "dark or light", "mark a time", "next found"].every((part) => legend.includes(part)), legend);
  await key("ArrowDown");
  await value("document.querySelector('#details .close').click()");
  same("so does the cross, and the legend is back", await value("[view.chosen, document.querySelectorAll('#details .swatch').length > 0]"), [null, true]);
  await key("e");
  same("e changes the axis", await value("[view.axis, document.getElementById('by-event').ariaPressed]"), [1, "true"]);
  await key("e");
  await key("f");
}

async function tryStretch() {
  await value("choose(null); fit(); scroll(-1e9)");
  const { left, top } = await value("chart.getBoundingClientRect().toJSON()");
  const [from, to] = [left + 400, left + 700];
  await browser.mouse("mousePressed", from, top + 10, { button: "left" });
  await browser.mouse("mouseMoved", to - 100, top + 60, { button: "left", buttons: 1 });
  await browser.mouse("mouseMoved", to, top + 60, { button: "left", buttons: 1 });
  await browser.mouse("mouseReleased", to, top + 60, { button: "left" });
  await drawn();
  const wanted = await value("[fromX(400), fromX(700)]"), marked = () => value("view.stretch && [view.stretch.from, view.stretch.to]");
  same("a drag of the axis marks a stretch of time", await marked(), wanted);
  // By adding up all slices one by one.
  const sums = await value(`(() => {
    const { from, to } = view.stretch, sums = new Map();
    for (const [kind, of] of Object.entries(SLICES)) for (let id = 0; id < of.task.length; id++) {
      const length = Math.min(of.to[TIME][id], to) - Math.max(of.from[TIME][id], from);
      if (length < 0) continue;
      if (!sums.has(of.task[id])) sums.set(of.task[id], { turn: 0, ready: 0, wait: 0 });
      sums.get(of.task[id])[kind] += length;
    }
    const told = sumsOf(view.stretch);
    const isRight = ({ task, ...kinds }) => Object.entries(kinds).every(([kind, { length }]) => Math.abs(length - sums.get(task)[kind]) < 1);
    const first = tasks[told[0].task];
    return { same: told.length === sums.size && told.every(isRight), count: told.length, busy: told[0].turn.length > 0, first: first.name,
      said: [span(to - from), span(told[0].turn.length)] };
  })()`);
  holds("what the tasks did in it is what their slices in it add up to", sums.same && sums.count > 3 && sums.busy, JSON.stringify(sums));
  const told = await words("details");
  holds("and is told", [...sums.said, sums.first].every((part) => told.includes(part)), told);
  await key("Enter");
  const [begin, end] = await shown();
  holds("Enter fills the view with it", begin <= wanted[0] && wanted[1] <= end && end - begin < (wanted[1] - wanted[0]) * 1.3, [begin, end]);
  await key("Escape");
  same("Escape lets go of it", await marked(), null);
  const turn = await value("flows.to[0]");
  await pointAt(left + 100, top + 300);
  await value(`chooseSlice("turn", ${turn})`);
  await key("m");
  await key("m");
  same("m and m mark what is chosen", await marked(), await value(`[turns.from[TIME][${turn}], turns.to[TIME][${turn}]]`));
  await value("fit(); markStretch(null)");
  for (const x of [left + 600, left + 500]) {
    await pointAt(x, top + 300);
    await key("m");
  }
  same("and from and to where is pointed, in either order", await marked(), await value("[fromX(500), fromX(600)]"));
  await key("e");
  same("a stretch belongs to its axis", await marked(), null);
  await key("e");
  await key("f");
}

async function tryFingers() {
  await value("choose(null); fit()");
  const { left, top } = await value("chart.getBoundingClientRect().toJSON()"), whole = await shown();
  const touch = (type, ...xs) => browser.ask("Input.dispatchTouchEvent", { type, touchPoints: xs.map((x, id) => ({ x: left + x, y: top + 300, id })) });
  const middle = await value("fromX(600)");
  await touch("touchStart", 550);
  await touch("touchStart", 550, 650);
  for (const by of [10, 30, 50]) await touch("touchMove", 550 - by, 650 + by);
  await touch("touchEnd");
  await drawn();
  const [from, to] = await shown(), share = (whole[1] - whole[0]) / (to - from);
  holds("two fingers zoom by as much as they part", Math.abs(share - 2) < 0.05, share);
  holds("around their middle", Math.abs((await value("fromX(600)")) - middle) < (to - from) / 200);
  same("and choose nothing", await value("view.chosen"), null);
  const zoomedBy = async (modifiers) => {
    await value("fit()");
    await browser.mouse("mouseWheel", left + 600, top + 300, { deltaX: 0, deltaY: -10, modifiers });
    await drawn();
    const [from, to] = await shown();
    return (whole[1] - whole[0]) / (to - from);
  };
  holds("two on a trackpad zoom more than a wheel of their small steps", (await zoomedBy(2)) > 1.08 && (await zoomedBy(0)) < 1.05);
  await value("fit()");
}

async function trySearch() {
  await key("/");
  same("a slash goes to the search", await value("document.activeElement.id"), "search");
  await type("sort");
  same("the rows of that name are left", await value("[...new Set(view.rows.map((row) => tasks[row].name))]"), ["sort"]);
  holds("how many is said", /^\d+ of \d+$/.test(await words("found")), await words("found"));
  await key("Enter");
  same("Enter jumps there", await value("tasks[view.chosen.task].name"), "sort");
  const life = await value("[tasks[view.chosen.task].from[0], tasks[view.chosen.task].to[0]]"), [from, to] = await shown();
  holds("and shows its life", from <= life[0] && life[1] <= to && (to - from) < (life[1] - life[0]) * 3, [from, to]);
  await key("/");
  await key("Escape");
  same("Escape shows all rows", await value("view.rows.length === tasks.length"), true);
  await key("/");
  await type("10");
  same("a number finds its task first", await value("tasks[view.matches[0].task].tid"), 10);
  await key("Enter");
  await value("fit(); scroll(-1e9)");
  await drawn();
  await pointAt(...await middleOf("turn", await value("lanesOf.turn[view.chosen.task].ids[0]")));
  same("with a row there are its card and its details", await value("[tip.hidden, view.chosen !== null]"), [false, true]);
  await key("/");
  await type("zzz");
  same("nothing is found of what is not there", await value("view.rows.length"), 0);
  same("nor told of it any more", await value("[tip.hidden, view.chosen, view.hovered]"), [true, null, null]);
  holds("and it is said how to go on", (await value("whyEmpty()")).includes("Escape"));
  await pointAt(1300, 780);
  await key("Escape");
  const line = await value("text(waits.line.find((line) => text(line).includes(':')))");
  for (const query of ["read 0", line]) {
    await key("/");
    await type(query);
    const wanted = await value(`(() => {
      const has = (of, id, said) => [said[id], of.line[id]].some((words) => text(words).includes(${JSON.stringify(query)})), found = [];
      for (const [kind, of, said] of [["turn", turns, turns.call], ["wait", waits, waits.on]]) {
        for (let id = 0; id < of.count; id++) if (has(of, id, said)) found.push([of.from[EVENTS][id], kind, id]);
      }
      return found.sort(([a], [b]) => a - b).map(([, kind, id]) => [kind, id]);
    })()`);
    holds(`turns and waits of "${query}" are found`, wanted.length > 1 && (await words("found")) === `${wanted.length} places`, await words("found"));
    const seen = [];
    await key("Enter");
    for (let i = 0; i < wanted.length; i++) {
      seen.push(await value("[view.chosen.kind, view.chosen.id]"));
      await key("n");
    }
    same("Enter goes to the first and n to the next", seen, wanted);
    same("and from the last to the first", [await value("[view.chosen.kind, view.chosen.id]"), await words("found")], [wanted[0], `1/${wanted.length}`]);
    await key("N");
    same("N goes back", await value("[view.chosen.kind, view.chosen.id]"), wanted.at(-1));
  }
  const hidden = await value("tasks.find((task) => !places.has(task.index)).index");
  await value(`choose({ task: ${hidden}, kind: null, id: -1 })`);
  same("to choose a task that was not found ends the search", await value(`[places.has(${hidden}), document.getElementById("search").value]`), [true, ""]);
  await key("/");
  await key("Escape");
  await key("Escape");
  await key("f");
}

async function tryColours() {
  const ground = () => value("[getComputedStyle(document.body).backgroundColor, ...ink.getImageData(chart.width - 20, chart.height - 1, 1, 1).data].join()");
  await browser.prefer("light");
  await drawn();
  const light = await ground();
  await browser.prefer("dark");
  await drawn();
  const dark = await ground();
  holds("dark and light are as the system prefers", light !== dark, light);
  await value("document.getElementById('theme').click()");
  await drawn();
  same("the switch is for the other", await ground(), light);
}

async function tryForged() {
  await open("forged");
  holds("a name cannot end its element", (await value("document.title")).startsWith("forged") && (await value("document.scripts.length")) === 3);
  same("and is shown as it is", await value("tasks.some((task) => task.name.startsWith('</script>'))"), true);
  const turn = await value("lanesOf.turn.find(({ ids }, task) => tasks[task].name.startsWith('rtl') && ids.length > 0).ids[0]");
  await value(`chooseSlice("turn", ${turn}); show(turns.from[TIME][${turn}] - 1000, turns.to[TIME][${turn}] + 1000)`);
  await drawn();
  await pointAt(...await middleOf("turn", turn));
  const escaped = String.raw`rtl\u{202e}evil\n\u{1b}[31m\u{0}, 1 `;
  const told = [await words("tip"), await words("details")];
  same("what would break a line or turn it is escaped", told.map((words) => words.includes(`${escaped}"init"`)), [true, true]);
  const shown = await value("[...strings, ...tasks.map((task) => task.name), document.getElementById('details').textContent]");
  same("nowhere is it left as it was", shown.filter((words) => /[\u202e\u001b\u0000]/.test(words)), []);
  same("a name in a sentence is not taken for what is around it", await value("nameOf(tasks[view.chosen.task].tid)"),
    `${await value("tasks[view.chosen.task].tid")} "${escaped}\\"init\\""`);
}

async function tryStops() {
  await open("stopped");
  const stopped = "tasks.filter((task) => stopsOf[task.index].ids.length > 0).map((task) => task.name)";
  same("a task is stopped from its signal to the next", await value(stopped), ["sleep"]);
  same("and its end is shown", await value("tasks.find((task) => task.name === 'sleep').status"), "killed by SIGTERM");
  const [x, y] = await value(`(() => {
    const mark = marks.name.findIndex((name) => text(name) === "task fault"), { left, top } = chart.getBoundingClientRect();
    return [left + toX(marks.at[view.axis][mark]), top + rowY(marks.task[mark]) + 3];
  })()`);
  await pointAt(x, y);
  holds("pointing at a mark shows the fault", (await words("tip")).includes("task fault"), await words("tip"));
  same("and no arrow, since it is no slice", await value("[view.hovered.kind, flowsOf({ ...view.hovered, id: flows.to[0] })]"), ["mark", []]);
  await pointAt(...await value(`(() => {
    const mark = marks.detail.findLastIndex((detail) => text(detail) === "exited with 0"), { left, top } = chart.getBoundingClientRect();
    showAround(markAt[TIME][mark] - 1000, markAt[TIME][mark] + 1000);
    return [left + toX(markAt[TIME][mark]) + 3, top + rowY(marks.task[mark]) + ROW / 2];
  })()`));
  holds("and at an end how it ended", (await words("tip")).includes("exited with 0"), await words("tip"));
}

async function tryKinds() {
  await open("kinds");
  const seen = await value(`waits.on.map((on, wait) => {
    const queues = ["file", "port"].filter((what) => text(waits.queues[wait]).includes(" " + what + " "));
    return [text(on).split(" ")[0], ...(text(on).startsWith("poll") ? queues : [])].join(" ") + ": " + KINDS[waitKinds[wait]];
  })`);
  same("a wait is of the kind of what it is for", [...new Set(seen)].sort(), ["accept: file", "any: task", "child: task", "connect: file", "job: file",
    "join: task", "poll file port: file", "poll file: file", "poll port: port", "poll: time", "read: file", "receive: port", "send: port",
    "signal: signal", "sleep: time", "write: file"]);
  const declared = readFileSync("syscalls/src/info.rs", "utf8").matchAll(/WaitsOn::\w+.*"(\w+)/g);
  const said = [...declared].map(([, word]) => word);
  holds("whatever is waited for has a kind", said.length > 15 && said.includes("SIGCONT"), said);
  same("of those that there are", await value(`${JSON.stringify(said)}.filter((word) => word !== "poll" && !KIND_OF_WORD.has(word))`), []);
  const painted = await value(`(async () => {
    const hex = ([red, green, blue]) => "#" + [red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("");
    useAxis(EVENTS);
    const painted = [];
    for (const kind of KINDS) {
      const wait = waitKinds.findIndex((one, wait) => KINDS[one] === kind && waits.events[wait] > 3);
      choose({ task: waits.task[wait], kind: null, id: -1 });
      showAround(...endsOf({ kind: "wait", id: wait }));
      draw();
      const [x, y] = [toX((waits.from[EVENTS][wait] + waits.to[EVENTS][wait]) / 2), rowY(waits.task[wait])];
      const at = (y) => hex(ink.getImageData(Math.round(x), Math.round(y), 1, 1).data);
      painted.push(at(y + 7) === colours["wait-" + kind + "-soft"] && at(y + ROW - 8) === colours["wait-" + kind] ? kind : [kind, at(y + 7), at(y + ROW - 8)].join());
    }
    return [painted, KINDS];
  })()`);
  same("and is painted in its colours", painted[0], painted[1]);
}

// Of a log that ends while tasks are ready that have had no turn since, one of them none at all.
async function tryCut() {
  await open("cut");
  await value("useAxis(EVENTS)");
  const seen = await value(`(() => {
    const others = [];
    for (const task of tasks.filter(({ tid }) => tid !== 0)) {
      const isWaiting = lanesOf.wait[task.index].to[EVENTS].at(-1) === bounds[EVENTS][1], isRunning = lanesOf.turn[task.index].to[EVENTS].at(-1) === bounds[EVENTS][1];
      const ready = lanesOf.ready[task.index], isReady = ready.to[EVENTS].at(-1) === bounds[EVENTS][1] && ready.ids.at(-1) >= turns.count;
      if ([isWaiting, isRunning, isReady, task.status !== ""].filter(Boolean).length !== 1) others.push([task.tid, isWaiting, isRunning, isReady]);
    }
    return [readies.task.length - turns.count > 0, others];
  })()`);
  same("at the end of a log a task waits, runs or is ready", seen, [true, []]);
  const [task, id] = await value("[readies.task.at(-1), readies.task.length - 1]");
  same("one of them had no turn at all", await value(`lanesOf.turn[${task}].ids.length`), 0);
  await value(`reveal(${task}); showAround(...endsOf({ kind: "ready", id: ${id} }))`);
  await drawn();
  await pointAt(...await middleOf("ready", id));
  holds("and what it is can be pointed at", (await words("tip")).includes("not before the log ends"), await words("tip"));
  const amber = await value(`(() => {
    const [x, y] = [toX(readies.from[EVENTS][${id}] + 0.5), rowY(${task})];
    return [...ink.getImageData(Math.round(x), Math.round(y + 12), 1, 1).data].slice(0, 3).join() === [1, 3, 5].map((at) => parseInt(colours["ready-soft"].slice(at, at + 2), 16)).join();
  })()`);
  same("its bar is amber", amber, true);
}

async function tryMany() {
  const events = readFileSync(`${folder}/many.json`, "utf8").split("\n").length - 1;
  holds("there are 100,000 events to draw", events >= 100_000, events);
  await open("many");
  const below = await value("[rowsBelow(), view.rows.length, Math.floor((view.height - BELOW - rowsTop) / ROW)]");
  same("it is said how many rows are below", below[0], below[1] - below[2]);
  await value("scroll(1e9)");
  same("at the end there are none", await value("rowsBelow()"), 0);
  const arrows = await value(`(() => {
    const middle = Math.floor(flows.count / 2);
    showOnlyInSight(false);
    show(flowMoments[TIME][middle], flowMoments[TIME][middle + 200]);
    scroll(20 * ROW - view.top);
    draw();
    const plot = ink.getImageData(LABELS + 2, rowsTop + 2, view.width - LABELS - 14, view.height - rowsTop - 4).data;
    const plain = (name) => [1, 3, 5].map((at) => parseInt(colours[name].slice(at, at + 2), 16)).join();
    const seen = new Set();
    for (let i = 0; i < plot.length; i += 4) seen.add([plot[i], plot[i + 1], plot[i + 2]].join());
    return [...seen].filter((colour) => colour !== plain("ground") && colour !== plain("hair"));
  })()`);
  same("no arrow leads past rows that it has no end in sight of", arrows, []);
  // A step is drawn, and one pixel read back, so that the rest is really there.
  const medians = await value(`(async () => {
    const medians = [];
    for (const [isOnlyInSight, part] of [[false, 1], [true, 1], [true, 0.3], [true, 0.01]]) {
      showOnlyInSight(isOnlyInSight);
      fit();
      const length = (view.to - view.from) * part;
      show(view.from + length, view.from + 2 * length);
      const times = [];
      for (let step = 0; step < 60; step++) {
        await new Promise(requestAnimationFrame);
        const began = performance.now();
        pan(step % 20 < 10 ? 25 : -25);
        scroll(step % 2 ? 30 : -30);
        draw();
        ink.getImageData(0, 0, 1, 1);
        times.push(performance.now() - began);
      }
      medians.push(times.sort((a, b) => a - b)[30]);
    }
    return medians;
  })()`);
  const said = medians.map((ms) => ms.toFixed(1)).join(", ");
  holds(`a step to the side takes less than 16 ms (medians of 60 at ${events} events: ${said} ms)`, medians.every((ms) => ms < 16));
}

async function takePicture() {
  await browser.prefer("light");
  await open("pipeline");
  const turn = await value(`(() => {
    const name = (turn) => tasks[turns.task[turn]].name;
    for (let flow = 0; flow < flows.count; flow++) {
      if (name(flows.from[flow]) === "sort" && name(flows.to[flow]) === "head") return flows.to[flow];
    }
    return flows.to[0];
  })()`);
  await browser.ask("Emulation.setDeviceMetricsOverride", { width: 1400, height: PICTURE_HEIGHT, deviceScaleFactor: 1, mobile: false });
  await value(`(() => {
    const last = tasks.find((task) => task.name === "tr");
    showOnlyInSight(true);
    show(-0.02 * last.to[TIME], last.to[TIME] * 1.35);
    choose({ task: turns.task[${turn}], kind: "turn", id: ${turn} });
  })()`);
  await drawn();
  await pointAt(...await middleOf("turn", turn));
  writeFileSync(picture, await browser.picture(PICTURE_HEIGHT));
  console.log(`wrote ${picture}`);
}

let failed = false;
try {
  const log = await tryParts();
  await tryPointing(log);
  await tryMoving();
  await tryKeys();
  await tryStretch();
  await tryFingers();
  await trySearch();
  await tryColours();
  await tryContrasts();
  await tryNarrow();
  await tryForged();
  await tryStops();
  await tryKinds();
  await tryCut();
  await tryMany();
  if (picture) await takePicture();
  same("nothing is complained of", complaints, []);
  same("nothing is fetched but the pages", fetched.filter((url) => !url.startsWith("file://") || !url.endsWith(".html")), []);
} catch (error) {
  console.error(`FAILED: ${error.message}`, complaints);
  failed = true;
} finally {
  await browser.end();
}
process.exit(failed ? 1 : 0);
