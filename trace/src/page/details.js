// What is told in words: of the slice under the pointer, and of what is chosen. All text is set as text, never as
// markup: names are what tasks call themselves.

function make(tag, properties = {}, ...inside) {
  const { className, ...rest } = properties;
  const element = document.createElement(tag);
  if (className) element.className = className;
  Object.assign(element, rest);
  element.append(...inside.filter((one) => one !== null && one !== undefined));
  return element;
}

function facts(rows) {
  const list = make("dl");
  for (const [term, said] of rows) {
    if (said === "" || said === null || said === undefined) continue;
    list.append(make("dt", {}, term), make("dd", {}, said));
  }
  return list;
}

function titleOf(task, said) {
  return [make("span", { className: "number" }, `${tasks[task].tid}`), `${tasks[task].name}${said}`];
}

// Why a task was ready, and who made it so.
function cause(turn) {
  const because = explain(text(turns.because[turn])), by = turns.by[turn];
  return by === 0 ? because : `${because}, by ${nameOf(by)}`;
}

const at = (ns) => `${span(ns)} after boot`;

// Why a task was chosen, and what else could have been.
function decision(turn) {
  const others = text(turns.others[turn]);
  const named = others === "" ? "" : `: then ${others.split(" ").map((tid) => nameOf(Number(tid))).join(", ")}`;
  const count = turns.ofReady[turn];
  const of = count === 1 ? "the only one ready" : `first of ${grouped.format(count)} ready${named}`;
  const previous = turns.previous[turn];
  return [
    ["because", cause(turn)],
    ["was ready for", span(turns.waited[turn])],
    ["chosen as", `${of} (${text(turns.rule[turn])})`],
    ["before it", previous === 0 ? "" : `${nameOf(previous)} (${text(turns.previousStopped[turn])})`],
  ];
}

function code(words) {
  return words === "" ? "" : make("code", {}, words);
}

function tellTurn(turn) {
  const why = text(turns.why[turn]), count = turns.traps[turn];
  const woken = (flowsOutOf.get(turn) ?? []).map((flow) => nameOf(tasks[turns.task[flows.to[flow]]].tid));
  return facts([
    ["ran for", `${span(turns.ns[turn])}, from ${at(turns.from[TIME][turn])}`],
    ...decision(turn),
    ["stopped", why === "" ? "the machine ended in it" : `${why}${count < 0 ? "" : ` after ${many(count, "trap")}`}`],
    ["last trap", code(text(turns.call[turn]))],
    ["at", code(text(turns.line[turn]))],
    ["woke", woken.length > 8 ? `${woken.slice(0, 8).join(", ")} and ${woken.length - 8} more` : woken.join(", ")],
    ["event", grouped.format(turns.from[EVENTS][turn])],
  ]);
}

function tellWait(slice) {
  const wait = slice.id, next = turnAfter(slice), until = waits.until[wait];
  return facts([
    ["for", code(explain(text(waits.on[wait])))],
    ["waited", `${span(waits.ns[wait])}, from ${at(waits.from[TIME][wait])}`],
    ["in queue", explain(text(waits.queues[wait]))],
    ["until", until < 0 ? "" : `${at(until)} at the latest`],
    ["woken", next === undefined ? "" : cause(next)],
    ["at", code(text(waits.line[wait]))],
    ["event", grouped.format(waits.from[EVENTS][wait])],
  ]);
}

function tellReady(id) {
  const from = readies.from[TIME][id];
  if (id >= turns.count) return facts([
    ["was ready for", `${span(readies.to[TIME][id] - from)}, from ${at(from)}`],
    ["had a turn", tasks[readies.task[id]].status === "" ? "not before the log ends" : "not before its end"],
    ["event", grouped.format(readies.from[EVENTS][id])],
  ]);
  return facts(decision(id).map(([term, said]) => [term === "chosen as" ? "then chosen" : term, said]));
}

const SAID = { turn: " runs", wait: " waits", ready: " is ready, and waits for a turn" };
const tellSlice = (slice) => (slice.kind === "turn" ? tellTurn(slice.id) : slice.kind === "wait" ? tellWait(slice) : tellReady(slice.id));

// All marks that are as good as in one place: a fault is followed by an end.
const MOST_MARKS = 6;
function tellMarks({ task, id }) {
  const lane = marksOf[task], middle = markAt[view.axis][id], room = NEAR * perPixel();
  const first = find(lane.from[view.axis], middle - room), last = find(lane.from[view.axis], middle + room, first, true);
  const said = (mark) => [text(marks.name[mark]), text(marks.detail[mark]) || "—"];
  const more = last - first - MOST_MARKS;
  return facts([
    ...lane.ids.slice(first, Math.min(last, first + MOST_MARKS)).map(said),
    ["more", more > 0 ? many(more, "mark") : ""], ["at", at(marks.at[TIME][id])],
  ]);
}

const tip = document.getElementById("tip");
function tellTip() {
  const slice = view.hovered;
  if (!slice || !view.pointer) {
    tip.hidden = true;
    return;
  }
  const key = [slice.kind, slice.id, view.axis, perPixel()].join();
  if (tip.dataset.key !== key) {
    tip.dataset.key = key;
    const said = slice.kind === "mark" ? "" : SAID[slice.kind];
    const near = slice.kind === "mark" ? tellMarks(slice) : tellSlice(slice);
    tip.replaceChildren(make("div", { className: "tip-title" }, ...titleOf(slice.task, said)), near);
  }
  tip.hidden = false;
  const { x, y } = view.pointer, top = chart.offsetTop;
  const right = x + 18 + tip.offsetWidth > view.width;
  const left = Math.max(4, right ? x - 14 - tip.offsetWidth : x + 18);
  const below = y + 18 + tip.offsetHeight > view.height;
  tip.style.transform = `translate(${left}px, ${top + Math.max(4 - top, below ? y - 12 - tip.offsetHeight : y + 18)}px)`;
}

function wakersOf(task) {
  const counts = new Map();
  for (const turn of lanesOf.turn[task].ids) {
    const flow = flowInto.get(turn);
    if (flow === undefined) continue;
    const from = turns.task[flows.from[flow]];
    counts.set(from, (counts.get(from) ?? 0) + 1);
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || a - b);
}

function wokenBy(task) {
  const counts = new Map();
  for (const turn of lanesOf.turn[task].ids) {
    for (const flow of flowsOutOf.get(turn) ?? []) {
      const to = turns.task[flows.to[flow]];
      counts.set(to, (counts.get(to) ?? 0) + 1);
    }
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || a - b);
}

function linkTo(task, ...said) {
  return make("button", {
    type: "button", className: "link", onclick: () => {
      choose({ task, kind: null, id: -1 });
      chart.focus();
    },
  }, make("span", { className: "number" }, `${tasks[task].tid}`), ...said);
}

const MOST_LISTED = 12;
function listOf(title, counted, tint = "") {
  if (counted.length === 0) return [];
  const rows = counted.slice(0, MOST_LISTED).map(([task, count]) =>
    linkTo(task, make("span", {}, tasks[task].name), make("span", { className: "count" }, `${grouped.format(count)}×`)));
  const rest = counted.length - rows.length;
  const key = tint === "" ? [] : [swatch(tint), make("span", {}, "their rows")];
  return [make("h3", {}, title, ...key), ...rows, rest > 0 ? make("p", { className: "lead" }, `and ${many(rest, "task")} more`) : null];
}

function tellTask(index) {
  const task = tasks[index];
  const last = (kind) => lanesOf[kind][index].covered[TIME].at(-1);
  const life = Math.max(task.to[TIME] - task.from[TIME], 1);
  const [ran, waited, ready] = [last("turn"), last("wait"), last("ready")];
  const share = make("div", { className: "share" });
  for (const [name, value] of [["turn", ran], ["ready", ready], ["wait-file-soft", waited]]) {
    const part = make("span");
    part.style.width = `${(100 * value) / life}%`;
    part.style.background = `var(--${name})`;
    share.append(part);
  }
  return [
    make("h2", {}, ...titleOf(index, "")),
    make("p", { className: "lead" }, task.parent === 0 ? "made by nobody" : `made by ${nameOf(task.parent)}`, task.status === "" ? "" : `, ${task.status}`),
    share,
    facts([
      ["ran", `${span(ran)} in ${many(lanesOf.turn[index].ids.length, "turn")}`],
      ["was ready", span(ready)],
      ["waited", `${span(waited)} in ${many(lanesOf.wait[index].ids.length, "wait")}`],
      ["lived", span(life)],
    ]),
  ];
}

const LEGEND = [
  ["turn", "has the turn; in it stands its last trap"], ["ready", "ready: waits for a turn"], ["wait-file", "waits for a file, socket or job"], ["wait-time", "waits for a time"],
  ["wait-task", "waits for a task"], ["wait-port", "waits for a message"], ["wait-signal", "waits for a signal"], ["stop", "stopped; a signal, fault or bad end"],
];
const HANDS = [
  [["w", "s", "wheel"], "zoom"], [["a", "d", "drag"], "move"], [["Shift + wheel"], "scroll the rows"], [["←", "→"], "choose a turn or wait"],
  [["↑", "↓"], "choose a task"], [["g"], "go to who woke it"], [["Enter", "double click"], "fill the view"], [["f"], "show all"],
  [["m", "drag the axis"], "mark a time"], [["/"], "find a task, call or line"], [["n", "N"], "next found, or previous"],
  [["e"], "time, or events"], [["v"], "only tasks in sight"], [["t"], "dark or light"], [["Esc"], "let go, and show this"],
];

function swatch(name) {
  const one = make("span", { className: "swatch" });
  one.style.background = `var(--${name})`;
  if (name === "ready" || name.startsWith("wait")) {
    one.style.background = `var(--${name}-soft)`;
    one.style.borderBottom = `2px solid var(--${name})`;
  }
  return one;
}

function legend() {
  return [
    make("h2", {}, "Who runs, and why"),
    make("p", { className: "lead" }, "A row a task. Point at a slice to see the decision; click it to follow its wakers."),
    make("h3", {}, "Colours"),
    make("ul", {}, ...LEGEND.map(([name, said]) => make("li", {}, swatch(name), said))),
    make("h3", {}, "Keys and mouse"),
    make("ul", {}, ...HANDS.map(([keys, said]) => make("li", {}, ...keys.map((key) => make("kbd", {}, key)), said))),
  ];
}

function letGo(action) {
  return make("button", {
    type: "button", className: "close", ariaLabel: "Let go", title: "Let go, and show colours and keys (Esc)", onclick: () => {
      action();
      chart.focus();
    },
  }, "×");
}

const details = document.getElementById("details");
function tellDetails() {
  const chosen = view.chosen;
  if (!chosen) {
    details.replaceChildren(make("div", {}, ...(view.stretch && !view.stretch.isOpen ? tellStretch() : legend())));
    return;
  }
  const slice = chosen.kind === null ? [] : [make("h3", {}, { turn: "This turn", wait: "This wait", ready: "Ready" }[chosen.kind]), tellSlice(chosen)];
  const lists = [...listOf("Woken by", wakersOf(chosen.task), "kin"), ...listOf("Has woken", wokenBy(chosen.task))];
  details.replaceChildren(make("div", {}, letGo(() => choose(null)), ...tellTask(chosen.task), ...slice, ...lists));
}
