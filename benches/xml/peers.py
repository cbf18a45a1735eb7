#!/usr/bin/env python3
"""What `yieldix run buses` does, by Python's parsers: where the buses of route 22 are that drive north.

usage: peers.py expat-bare | expat | expat-coroutines | sax | iterparse  FILE

`expat-bare` only parses: no handler is called. `expat` has its handlers do the work, each as short as can
be; `expat-coroutines` sends events through generators, a stage each, as the course does.
"""
import functools
import sys
import xml.etree.ElementTree
import xml.parsers.expat
import xml.sax

ROW = '{route},{id},"{direction}",{latitude},{longitude}'


def is_wanted(bus):
    return bus["route"] == "22" and bus["direction"] == "North Bound"


class Buses:
    """The handlers of expat and SAX."""

    def __init__(self):
        self.bus, self.text = None, []

    def start(self, name, _attributes):
        if self.bus is None and name == "bus":
            self.bus = {}
        self.text = []

    def characters(self, text):
        self.text.append(text)

    def end(self, name):
        if self.bus is None:
            return
        if name == "bus":
            if is_wanted(self.bus):
                print(ROW.format(**self.bus))
            self.bus = None
        else:
            self.bus[name] = "".join(self.text)


def parse(file, start=None, characters=None, end=None):
    parser = xml.parsers.expat.ParserCreate()
    parser.buffer_text, parser.buffer_size = True, 65536
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = characters
    parser.ParseFile(file)


def expat(file):
    buses = Buses()
    parse(file, buses.start, buses.characters, buses.end)


def stage(function):
    """A generator that has run to its first yield."""
    @functools.wraps(function)
    def started(*arguments):
        generator = function(*arguments)
        next(generator)
        return generator
    return started


@stage
def make_buses(target):
    while True:
        event, value = yield
        if event != "start" or value[0] != "bus":
            continue
        bus, text = {}, []
        while True:
            event, value = yield
            if event == "start":
                text = []
            elif event == "text":
                text.append(value)
            elif value != "bus":
                bus[value] = "".join(text)
            else:
                target.send(bus)
                break


@stage
def only(name, value, target):
    while True:
        bus = yield
        if bus[name] == value:
            target.send(bus)


@stage
def printer():
    while True:
        print(ROW.format(**(yield)))


def expat_coroutines(file):
    send = make_buses(only("route", "22", only("direction", "North Bound", printer()))).send
    parse(file, lambda name, attributes: send(("start", (name, attributes))),
          lambda text: send(("text", text)), lambda name: send(("end", name)))


def sax(file):
    buses = Buses()
    handler = xml.sax.ContentHandler()
    handler.startElement, handler.characters, handler.endElement = buses.start, buses.characters, buses.end
    xml.sax.parse(file, handler)


def iterparse(file):
    events = xml.etree.ElementTree.iterparse(file, ("start", "end"))
    _, root = next(events)
    for event, element in events:
        if event == "end" and element.tag == "bus":
            bus = {field.tag: field.text for field in element}
            if is_wanted(bus):
                print(ROW.format(**bus))
            root.clear()


PEERS = {"expat-bare": parse, "expat": expat, "expat-coroutines": expat_coroutines, "sax": sax, "iterparse": iterparse}

if __name__ == "__main__":
    with open(sys.argv[2], "rb") as document:
        PEERS[sys.argv[1]](document)
