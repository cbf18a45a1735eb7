// usage: node query.js FOLDER TRACE SQL…
//
// Has Perfetto's trace processor read a trace, and prints the rows that each query gives: a line a row, its cells
// separated by tabs. FOLDER has `engine_bundle.js` and the two `trace_processor*.wasm` of Perfetto's page.
//
// The bundle is made for a worker of a browser, so it is given what it looks for there. What it is asked and what it
// answers is protobuf, by perfetto's trace_processor.proto; the few fields that are needed are taken apart here.
"use strict";
const fs = require("fs");
const path = require("path");

const APPEND = 1, FINALIZE = 2, QUERY = 3;
// Fields of the messages.
const RPC = { message: 1, sequence: 1, request: 2, fatalError: 5, appended: 101, query: 103 };
const ANSWER = { append: 201, query: 203, finalize: 212 };
const APPEND_RESULT = { error: 2 }, FINALIZE_RESULT = { error: 1 };
const RESULT = { columns: 1, error: 2, batch: 3 };
const BATCH = { cells: 1, integers: 2, floats: 3, strings: 5 };
const CELL = { null: 1, integer: 2, float: 3, string: 4 };

function varint(number) {
    const bytes = [];
    for (; number >= 128; number = Math.floor(number / 128)) bytes.push((number % 128) | 128);
    bytes.push(number);
    return Buffer.from(bytes);
}

function field(number, value) {
    if (typeof value === "number") return Buffer.concat([varint(number * 8), varint(value)]);
    return Buffer.concat([varint(number * 8 + 2), varint(value.length), value]);
}

/** Reads a varint at `at.index`, as a signed number of 64 bits. */
function readVarint(bytes, at) {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
        const byte = bytes[at.index++];
        value |= BigInt(byte & 127) << shift;
        if (byte < 128) return BigInt.asIntN(64, value);
    }
}

/** The fields of a message, as `[number, value]`. */
function* fields(bytes) {
    for (const at = { index: 0 }; at.index < bytes.length; ) {
        const tag = Number(readVarint(bytes, at));
        if (tag % 8 === 0) {
            yield [Math.floor(tag / 8), readVarint(bytes, at)];
            continue;
        }
        const length = { 1: () => 8, 2: () => Number(readVarint(bytes, at)), 5: () => 4 }[tag % 8]();
        yield [Math.floor(tag / 8), bytes.subarray(at.index, at.index + length)];
        at.index += length;
    }
}

/** The rows of a part of an answer are added to `rows`. */
function addRows(batch, columns, rows) {
    let kinds = [], integers = Buffer.alloc(0), floats = Buffer.alloc(0), strings = [];
    for (const [number, value] of fields(batch)) {
        if (number === BATCH.cells) kinds = [...value];
        if (number === BATCH.integers) integers = value;
        if (number === BATCH.floats) floats = value;
        if (number === BATCH.strings) strings = value.toString().split("\0");
    }
    const at = { index: 0 };
    let nextFloat = 0, nextString = 0;
    const cells = kinds.map((kind) => {
        switch (kind) {
            case CELL.null: return "null";
            case CELL.integer: return String(readVarint(integers, at));
            case CELL.float: return String(floats.readDoubleLE(8 * nextFloat++));
            case CELL.string: return strings[nextString++];
            default: throw new Error(`a cell of kind ${kind}`);
        }
    });
    while (cells.length > 0) rows.push(cells.splice(0, columns));
}

/** Throws the error that an answer has in this field of this part, if it has one. */
function refuseError(answer, part, errorField) {
    for (const [, result] of answer.filter(([number]) => number === part)) {
        const error = [...fields(result)].find(([number]) => number === errorField);
        if (error) throw new Error(error[1].toString());
    }
}

/** Starts the trace processor, and gives what asks it: a request in, its answers out. */
async function start(folder) {
    const bundle = fs.readFileSync(path.join(folder, "engine_bundle.js"), "utf8");
    class FileRequest {
        open(_method, url) {
            this.url = url;
        }
        send() {
            this.response = fs.readFileSync(path.join(folder, path.basename(this.url)));
        }
    }
    const worker = { location: { href: "http://perfetto/" } };
    const run = new Function("self", "WorkerGlobalScope", "process", "XMLHttpRequest", bundle);
    run(worker, function WorkerGlobalScope() {}, undefined, FileRequest);
    // It begins in a promise.
    await new Promise(setImmediate);
    let answers = [];
    const port = { postMessage: (bytes) => answers.push(Buffer.from(bytes)), onmessage: undefined };
    worker.onmessage({ data: port });
    let sequence = 0;
    return (request) => {
        sequence += 1;
        answers = [];
        const message = field(RPC.message, Buffer.concat([field(RPC.sequence, sequence), request]));
        port.onmessage({ data: new Uint8Array(message) });
        const rpcs = [...fields(Buffer.concat(answers))].map(([, rpc]) => [...fields(rpc)]);
        const fatal = rpcs.flat().find(([number]) => number === RPC.fatalError);
        if (fatal) throw new Error(fatal[1].toString());
        return rpcs.flat();
    };
}

async function main() {
    const [folder, trace, ...queries] = process.argv.slice(2);
    const ask = await start(folder);
    const bytes = fs.readFileSync(trace);
    for (let from = 0; from < bytes.length; from += 16 << 20) {
        const part = bytes.subarray(from, from + (16 << 20));
        const answer = ask(Buffer.concat([field(RPC.request, APPEND), field(RPC.appended, part)]));
        refuseError(answer, ANSWER.append, APPEND_RESULT.error);
    }
    refuseError(ask(field(RPC.request, FINALIZE)), ANSWER.finalize, FINALIZE_RESULT.error);
    for (const query of queries) {
        const asked = field(RPC.query, field(1, Buffer.from(query)));
        const rows = [];
        let columns = 0;
        const answer = ask(Buffer.concat([field(RPC.request, QUERY), asked]));
        for (const [, result] of answer.filter(([number]) => number === ANSWER.query)) {
            for (const [number, value] of fields(result)) {
                if (number === RESULT.columns) columns += 1;
                if (number === RESULT.error && value.length > 0) throw new Error(`${query}: ${value}`);
                if (number === RESULT.batch) addRows(value, columns, rows);
            }
        }
        for (const row of rows) console.log(row.join("\t"));
    }
}

main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
});
