// usage: node expected.js LOG
//
// Counts in a complete log of events what its timeline must show, as `try-perfetto` asks Perfetto for it: a line each.
"use strict";
const fs = require("fs");

const nanos = (text) => BigInt(text.replace(".", ""));
const count = { turns: 0, waits: 0, flows: 0, tracks: 0 };
let ran = 0n, turn = null, last = 0n;
const madeReady = new Map();
const turnIsOver = (at) => {
    if (turn !== null) ran += at - turn.from;
    turn = null;
};
for (const line of fs.readFileSync(process.argv[2], "utf8").split("\n")) {
    if (line === "") continue;
    const event = JSON.parse(line);
    if (event.seq === undefined) continue;
    last = nanos(event.at);
    switch (event.message) {
        case "spawned":
            count.tracks += 1;
            break;
        case "blocked":
            count.waits += 1;
            break;
        case "ready": {
            // Either the event says who did it, or the reason does; between turns a task that is named has ended of itself.
            const isNamed = turn !== null && event.because.startsWith(`task ${turn.tid} `);
            madeReady.set(event.tid, event.by !== 0 || isNamed);
            break;
        }
        case "chosen":
            turnIsOver(last);
            turn = { tid: event.tid, from: last };
            count.turns += 1;
            if (madeReady.get(event.tid)) count.flows += 1;
            madeReady.delete(event.tid);
            break;
        case "turn over":
            turnIsOver(last);
            break;
    }
}
turnIsOver(last);
for (const [name, value] of Object.entries(count)) console.log(`${name}\t${value}`);
console.log(`ran_ns\t${ran}`);
