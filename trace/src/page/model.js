// The run, as typed arrays made from the data of the page. Each task has a lane of turns, of waits, and of the time
// it was ready; the slices of a lane are in order and disjoint, so that a moment is found by halving. Every moment
// has two values, its time in nanoseconds and the number of its event, one for each axis.

const TIME = 0, EVENTS = 1;
const data = JSON.parse(document.getElementById("data").textContent);
const strings = data.strings.map(plain);
const text = (index) => strings[index];

function sums(deltas) {
  const values = new Float64Array(deltas.length);
  let sum = 0;
  for (let i = 0; i < values.length; i++) values[i] = sum += deltas[i];
  return values;
}

function plus(values, more) {
  return values.map((value, i) => value + more[i]);
}

// The first of the ascending values that is at least (or, with `after`, more than) the wanted one.
function find(values, wanted, low = 0, after = false) {
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < wanted || (after && values[middle] === wanted)) low = middle + 1;
    else high = middle;
  }
  return low;
}

// All slices of a kind, in the order of their beginnings.
function slices(columns) {
  const time = sums(columns.at), event = sums(columns.seq);
  return { ...columns, from: [time, event], to: [plus(time, columns.ns), plus(event, columns.events)], count: time.length };
}

const turns = slices(data.turns);
const waits = slices(data.waits);
const marks = { ...data.marks, at: [sums(data.marks.at), sums(data.marks.seq)], count: data.marks.at.length };
const flows = { ...data.flows, at: [sums(data.flows.at), sums(data.flows.seq)], count: data.flows.at.length };
const counters = Object.entries(data.counters).map(([name, { at, seq, value }]) => {
  return { name, at: [sums(at), sums(seq)], values: value, most: value.reduce((a, b) => Math.max(a, b), 0) };
});
const bounds = [[data.begin[0], data.end[0]], [data.begin[1], data.end[1]]];

const indexOfTask = new Map(data.tasks.tid.map((tid, i) => [tid, i]));
const born = [sums(data.tasks.at), sums(data.tasks.seq)];
const tasks = data.tasks.tid.map((tid, i) => ({
  index: i, tid, name: text(data.tasks.name[i]), quoted: quoted(data.strings[data.tasks.name[i]]), parent: data.tasks.parent[i], status: text(data.tasks.status[i]),
  from: [born[TIME][i], born[EVENTS][i]], to: [data.tasks.ended[i], data.tasks.endedSeq[i]],
}));
const nameOf = (tid) => {
  const index = indexOfTask.get(tid);
  return index === undefined ? `${tid}` : `${tid} ${tasks[index].quoted}`.trimEnd();
};
// What the log says of why and for what, with the names of the tasks that it numbers.
const explain = (words) => words.replace(/\b(task|child|join) (\d+)/g, (_, what, tid) => `${what} ${nameOf(Number(tid))}`);

// The slices of each task, put together: which they are, and where they begin and end on both axes.
function lanes(count, taskOf, from, to) {
  const members = tasks.map(() => []);
  for (let i = 0; i < count; i++) members[taskOf[i]].push(i);
  return members.map((ids) => {
    const pick = (values) => Float64Array.from(ids, (id) => values[id]);
    const lane = { ids, from: from.map(pick), to: to.map(pick), covered: [] };
    for (const axis of [TIME, EVENTS]) {
      const covered = new Float64Array(ids.length + 1);
      for (let k = 0; k < ids.length; k++) covered[k + 1] = covered[k] + lane.to[axis][k] - lane.from[axis][k];
      lane.covered.push(covered);
    }
    return lane;
  });
}

const readyFrom = [turns.from[TIME].map((at, i) => at - turns.waited[i]), turns.from[EVENTS].map((seq, i) => seq - turns.readyEvents[i])];
const lanesOf = {
  turn: lanes(turns.count, turns.task, turns.from, turns.to),
  wait: lanes(waits.count, waits.task, waits.from, waits.to),
};

// The times in which tasks were ready: that before each turn has its number, and behind them are those of tasks that
// were not chosen any more, from when nothing else was with them to their ends.
function timesOfReadiness() {
  const readies = { task: [...turns.task], from: readyFrom.map((moments) => [...moments]), to: turns.from.map((moments) => [...moments]) };
  for (const task of tasks.filter(({ tid }) => tid !== 0)) {
    const [turn, wait] = [lanesOf.turn[task.index], lanesOf.wait[task.index]].map((lane) => lane.to.map((moments) => moments.at(-1) ?? -1));
    const since = turn[EVENTS] < 0 && wait[EVENTS] < 0 ? task.from : turn[EVENTS] > wait[EVENTS] ? turn : wait;
    if (since[EVENTS] >= task.to[EVENTS]) continue;
    readies.task.push(task.index);
    for (const axis of [TIME, EVENTS]) {
      readies.from[axis].push(since[axis]);
      readies.to[axis].push(task.to[axis]);
    }
  }
  return readies;
}
const readies = timesOfReadiness();
lanesOf.ready = lanes(readies.task.length, readies.task, readies.from, readies.to);
const SLICES = { turn: turns, wait: waits, ready: readies };

// Where marks are drawn: a task that ends in a turn has the mark of that where the turn is over.
function placesOfMarks() {
  const placed = marks.at.map((values) => values.slice()), isLast = tasks.map(() => true);
  for (let mark = marks.count - 1; mark >= 0; mark--) {
    const task = marks.task[mark], turn = lanesOf.turn[task].ids.at(-1);
    if (isLast[task] && text(marks.name[mark]) === "exited" && turn !== undefined) {
      for (const axis of [TIME, EVENTS]) placed[axis][mark] = Math.max(placed[axis][mark], turns.to[axis][turn]);
    }
    isLast[task] = false;
  }
  return placed;
}
const markAt = placesOfMarks();
const marksOf = lanes(marks.count, marks.task, markAt, markAt);

// From the signal that stopped a task to the one that let it go on, or to its end.
function stretchesOfStops() {
  const stops = { task: [], from: [[], []], to: [[], []] }, since = new Map();
  for (let mark = 0; mark < marks.count; mark++) {
    const task = marks.task[mark], name = text(marks.name[mark]);
    if (name === "stopped" && !since.has(task)) since.set(task, mark);
    if ((name !== "continued" && name !== "exited") || !since.has(task)) continue;
    stops.task.push(task);
    for (const axis of [TIME, EVENTS]) {
      stops.from[axis].push(marks.at[axis][since.get(task)]);
      stops.to[axis].push(marks.at[axis][mark]);
    }
    since.delete(task);
  }
  return lanes(stops.task.length, stops.task, stops.from, stops.to);
}
const stopsOf = stretchesOfStops();

// Who woke whom: by the turn that was woken, and by the turn that did it.
const flowInto = new Map(), flowsOutOf = new Map();
for (let i = 0; i < flows.count; i++) {
  flowInto.set(flows.to[i], i);
  const from = flows.from[i];
  if (!flowsOutOf.has(from)) flowsOutOf.set(from, []);
  flowsOutOf.get(from).push(i);
}
const flowsInOrder = Uint32Array.from(flows.to, (_, flow) => flow).sort((a, b) => flows.at[EVENTS][a] - flows.at[EVENTS][b]);
const flowMoments = flows.at.map((moments) => Float64Array.from(flowsInOrder, (flow) => moments[flow]));

// What a task waits on, as one of the few kinds that have a colour: by the first word that the log says of it.
const KIND_OF_WORD = new Map(Object.entries({
  read: "file", accept: "file", write: "file", connect: "file", open: "file", resolve: "file", host: "file", disk: "file", job: "file",
  sleep: "time", child: "task", any: "task", join: "task", receive: "port", send: "port", signal: "signal", SIGCONT: "signal",
}));
const KINDS = ["file", "time", "task", "port", "signal"];
function kindOf(on, queues) {
  const [word] = on.split(" ");
  // A poll may be for anything that has a queue, and for nothing but its timeout.
  if (word === "poll") return queues.includes(" file ") ? "file" : queues.includes(" port ") ? "port" : "time";
  const kind = KIND_OF_WORD.get(word);
  if (kind === undefined) throw new Error(`a wait of no kind: ${on}`);
  return kind;
}
const waitKinds = Uint8Array.from(waits.on, (on, wait) => KINDS.indexOf(kindOf(text(on), text(waits.queues[wait]))));

// Whether a mark is of a signal or a fault, or an end, and of which kind. A birth is where the line of a life begins.
const MARK_COLOURS = { end: "soft", badEnd: "stop", more: "stop" };
function markKind(mark) {
  const name = text(marks.name[mark]);
  if (name === "spawned") return "begin";
  if (name !== "exited") return "more";
  return text(marks.detail[mark]) === "exited with 0" ? "end" : "badEnd";
}
