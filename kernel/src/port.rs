//! Ports: bounded queues of messages between tasks.
//!
//! A port has two ends, each named by descriptors of any number of tasks. A message goes to one
//! receiver; a receiver that waits is handed it at once, and its bytes are never copied. Invariants:
//!
//! - Receivers wait only while the queue is empty, senders only while it is full, so nobody is
//!   overtaken by a newcomer, but for those who are stopped.
//! - A message is its sender's until it is queued or handed over: whatever ends a send before that
//!   leaves the sender's descriptors where they were.
//! - No message holds a receiving end. So a queue cannot end up in itself, where nobody could ever
//!   close it, and to drop a message never drops another queue.

use crate::{
    block::Cause,
    emit,
    fd::Object,
    file::Direction,
    hardware::Hardware,
    kernel::{Kernel, broken},
    limits,
    sched::Policy,
    slab::Slab,
    task::State,
    trap::{Next, Stop},
    wait::{Links, Queue},
};
use std::collections::VecDeque;
use yieldix_syscalls::{Buf, Errno, Fd, Reply, Tid};

/// A queue of messages, and who waits at its ends.
#[derive(Debug)]
pub struct Port {
    /// The most messages in its queue.
    pub capacity: u32,
    /// What holds the sending end: descriptors, and messages of any port.
    pub senders: u32,
    /// Descriptors that name the receiving end.
    pub receivers: u32,
    /// Messages that were sent and not received.
    pub messages: VecDeque<Message>,
    /// Tasks that wait to send.
    pub sending: Queue,
    /// Tasks that wait to receive.
    pub receiving: Queue,
    /// Polls that watch for a message or for room, by direction.
    pub watched: [Queue; 2],
    /// The name by which the sending end can be opened.
    pub name: Option<Box<str>>,
}

impl Port {
    /// Would a receive have to wait?
    pub fn is_dry(&self) -> bool {
        self.messages.is_empty() && !self.has_ended()
    }

    /// Would a send have to wait?
    pub fn is_full(&self) -> bool {
        self.receivers > 0 && self.messages.len() >= self.capacity as usize
    }

    /// Can no message come any more, once the queue is empty?
    pub fn has_ended(&self) -> bool {
        self.senders == 0 && self.name.is_none()
    }
}

/// A message that its sender still has.
#[derive(Debug)]
pub enum Outgoing {
    /// Bytes only.
    Plain(Buf),
    /// Bytes, and descriptors of the sender.
    WithFds(Box<yieldix_syscalls::Message>),
}

impl Outgoing {
    fn data(&self) -> &Buf {
        match self {
            Outgoing::Plain(data) => data,
            Outgoing::WithFds(message) => &message.data,
        }
    }

    fn fds(&self) -> &[Fd] {
        match self {
            Outgoing::Plain(_) => &[],
            Outgoing::WithFds(message) => &message.fds,
        }
    }

    /// The answer to its sender when it cannot be sent.
    pub fn unsent(self, errno: Errno) -> Reply {
        let data = match self {
            Outgoing::Plain(data) => data,
            Outgoing::WithFds(message) => message.data,
        };
        Reply::Unsent { errno, data }
    }
}

/// A message on its way.
#[derive(Debug)]
pub enum Message {
    /// Bytes only.
    Plain(Buf),
    /// Bytes, and what holds its objects while no task does.
    WithObjects(Box<(Buf, Vec<Object>)>),
}

impl Message {
    /// Bytes only?
    fn is_plain(&self) -> bool {
        matches!(self, Message::Plain(_))
    }

    /// Is there nothing in it, so that it only tells that it was sent?
    pub fn is_token(&self) -> bool {
        matches!(self, Message::Plain(data) if data.is_empty())
    }

    /// What travels with the bytes.
    pub fn objects(&self) -> &[Object] {
        match self {
            Message::Plain(_) => &[],
            Message::WithObjects(parcel) => &parcel.1,
        }
    }
}

/// The port at this index, which a descriptor or a waiting task names.
#[inline(always)]
pub(crate) fn port_mut(ports: &mut Slab<Port>, port: u32) -> &mut Port {
    match ports.get_mut(port) {
        Some(port) => port,
        None => broken("a descriptor names a port that is none"),
    }
}

/// What a receive that does nothing but receive comes to.
enum Received {
    /// It is answered with these.
    Bytes(Buf),
    /// Its task waits.
    Waits,
    /// There is more to it.
    Otherwise,
}

// The quick ways: sends and receives of bytes that concern nobody else, or one receiver that waits.
// Of what they leave to the calls below they have touched nothing.
impl<H: Hardware, P: Policy> Kernel<H, P> {
    /// Sends bytes to a receiver that waits, or to a queue with room that nobody watches. Gives them
    /// back if there is more to it.
    #[inline(always)]
    fn send_at_once(&mut self, slot: u32, fd: Fd, data: Buf) -> Result<(), Buf> {
        let Ok(Object::Sender(port)) = self.object_of(slot, fd) else { return Err(data) };
        let entry = port_mut(&mut self.ports, port);
        if data.len() > limits::MESSAGE_BYTES {
            return Err(data);
        }
        if let Some(receiver) = entry.receiving.first() {
            self.hand_over(port, receiver, Reply::Buf(data));
            return Ok(());
        }
        let is_watched = !entry.watched[Direction::Read as usize].is_empty();
        if is_watched || entry.receivers == 0 || entry.messages.len() >= entry.capacity as usize {
            return Err(data);
        }
        entry.messages.push_back(Message::Plain(data));
        emit!(self, MessageQueued { port, messages: self.port(port).messages.len() });
        Ok(())
    }

    /// Receives bytes from a queue for whose room nobody waits, or waits for the first that come.
    #[inline(always)]
    fn receive_at_once(&mut self, slot: u32, fd: Fd) -> Received {
        let Some(cold) = self.table.cold(slot) else { return Received::Otherwise };
        let Some(Object::Receiver(port)) = cold.fds.object(fd, &self.streams) else { return Received::Otherwise };
        let entry = port_mut(&mut self.ports, port);
        if entry.is_dry() && !cold.has_deadline() {
            let links = entry.receiving.append(self.table.slots_mut(), slot);
            let state = State::Receiving { port, links };
            self.record_blocked(slot, &state);
            self.table.slot_mut(slot).set_state(state);
            return Received::Waits;
        }
        let is_awaited = !(entry.sending.is_empty() && entry.watched[Direction::Write as usize].is_empty());
        match entry.messages.pop_front_if(|message| !is_awaited && message.is_plain()) {
            Some(Message::Plain(data)) => {
                emit!(self, MessageTaken { port, messages: self.port(port).messages.len() });
                Received::Bytes(data)
            }
            _ => Received::Otherwise,
        }
    }
}

impl<H: Hardware, P: Policy> Kernel<H, P> {
    #[inline(always)]
    pub(crate) fn port(&self, port: u32) -> &Port {
        match self.ports.get(port) {
            Some(port) => port,
            None => broken("a descriptor names a port that is none"),
        }
    }

    #[inline(always)]
    fn port_mut(&mut self, port: u32) -> &mut Port {
        port_mut(&mut self.ports, port)
    }

    pub(crate) fn sys_port_create(&mut self, slot: u32, capacity: u32) -> Next {
        let ends = self.create_port(slot, capacity);
        self.answer_with(slot, ends.map(|ends| Reply::Pair(Box::new(ends))))
    }

    fn create_port(&mut self, slot: u32, capacity: u32) -> Result<(Fd, Fd), Errno> {
        if !(1..=limits::PORT_CAPACITY).contains(&capacity) {
            return Err(Errno::EINVAL);
        }
        self.room_for_fds(slot, 2)?;
        self.room_for_an_object()?;
        let port = self.ports.insert(Port {
            capacity,
            senders: 1,
            receivers: 1,
            messages: VecDeque::new(),
            sending: Queue::default(),
            receiving: Queue::default(),
            watched: Default::default(),
            name: None,
        });
        emit!(self, PortCreated { port, capacity });
        Ok((self.install(slot, Object::Sender(port))?, self.install(slot, Object::Receiver(port))?))
    }

    pub(crate) fn sys_port_publish(&mut self, slot: u32, fd: Fd, name: &[u8]) -> Next {
        let published = self.publish_port(slot, fd, name);
        self.answer_with(slot, published.map(|()| Reply::Unit))
    }

    fn publish_port(&mut self, slot: u32, fd: Fd, name: &[u8]) -> Result<(), Errno> {
        let port = self.receiving_end(slot, fd)?;
        if name.len() > limits::PORT_NAME_BYTES {
            return Err(Errno::ENAMETOOLONG);
        }
        let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty()).ok_or(Errno::EINVAL)?;
        if self.port(port).name.is_some() || self.port_names.contains_key(name) {
            return Err(Errno::EEXIST);
        }
        self.port_names.insert(name.into(), port);
        self.port_mut(port).name = Some(name.into());
        emit!(self, PortPublished { port, name });
        Ok(())
    }

    pub(crate) fn sys_port_open(&mut self, slot: u32, name: &str) -> Next {
        let end = self.port_names.get(name).map(|&port| Object::Sender(port)).ok_or(Errno::ENOENT);
        let opened = end.and_then(|end| {
            let fd = self.install(slot, end)?;
            self.hold(end);
            Ok(Reply::Fd(fd))
        });
        self.answer_with(slot, opened)
    }

    #[inline]
    fn sending_end(&self, slot: u32, fd: Fd) -> Result<u32, Errno> {
        match self.object_of(slot, fd)? {
            Object::Sender(port) => Ok(port),
            Object::Receiver(_) => Err(Errno::EBADF),
            Object::File(_) => Err(Errno::EOPNOTSUPP),
        }
    }

    #[inline]
    fn receiving_end(&self, slot: u32, fd: Fd) -> Result<u32, Errno> {
        match self.object_of(slot, fd)? {
            Object::Receiver(port) => Ok(port),
            Object::Sender(_) => Err(Errno::EBADF),
            Object::File(_) => Err(Errno::EOPNOTSUPP),
        }
    }

    #[inline(always)]
    pub(crate) fn sys_port_send(&mut self, slot: u32, fd: Fd, data: Buf) -> Next {
        match self.send_at_once(slot, fd, data) {
            Ok(()) => self.answer(slot, Reply::Unit),
            Err(data) => self.send_or_block(slot, fd, Outgoing::Plain(data), true),
        }
    }

    #[inline(never)]
    pub(crate) fn send_or_block(&mut self, slot: u32, fd: Fd, message: Outgoing, may_wait: bool) -> Next {
        let port = match self.sending_end(slot, fd).and_then(|port| self.check_message(slot, port, &message)) {
            Ok(port) => port,
            Err(errno) => return self.answer(slot, message.unsent(errno)),
        };
        if !self.port(port).is_full() {
            // Whoever polls the port has watches to end, which may be many.
            let operations_before = self.operations;
            self.send(slot, port, message);
            self.note_fruitful(slot);
            let next = self.answer(slot, Reply::Unit);
            return self.unless_long(operations_before, next);
        }
        if !may_wait {
            return self.answer_nothing(slot, message.unsent(Errno::EAGAIN));
        }
        self.block_on_port(slot, port, message)
    }

    /// May the task in `slot` send this to that port? Nothing has moved yet.
    fn check_message(&self, slot: u32, port: u32, message: &Outgoing) -> Result<u32, Errno> {
        if message.data().len() > limits::MESSAGE_BYTES {
            return Err(Errno::EMSGSIZE);
        }
        let fds = message.fds();
        if fds.len() > limits::MESSAGE_FDS {
            return Err(Errno::EINVAL);
        }
        for (index, fd) in fds.iter().enumerate() {
            if matches!(self.object_of(slot, *fd)?, Object::Receiver(_)) || fds[..index].contains(fd) {
                return Err(Errno::EINVAL);
            }
        }
        if self.port(port).receivers == 0 { Err(Errno::EPIPE) } else { Ok(port) }
    }

    /// Hands a message to the first receiver that waits and can take it, or else queues it. There is
    /// room: whoever waits to receive waits at an empty queue.
    pub(crate) fn send(&mut self, slot: u32, port: u32, message: Outgoing) {
        let message = self.pack(slot, message);
        while let Some(receiver) = self.port(port).receiving.first() {
            if self.room_for_fds(receiver, message.objects().len() as u32).is_ok() {
                let reply = self.unpack(receiver, message);
                return self.hand_over(port, receiver, reply);
            }
            self.hand_over(port, receiver, Reply::Err(Errno::EMFILE));
        }
        self.queue(port, message);
        self.wake_watchers(Object::Receiver(port), Direction::Read);
    }

    /// Queues a message, for which there is room.
    fn queue(&mut self, port: u32, message: Message) {
        self.port_mut(port).messages.push_back(message);
        emit!(self, MessageQueued { port, messages: self.port(port).messages.len() });
    }

    /// A message leaves its sender, and takes the descriptors along.
    fn pack(&mut self, slot: u32, message: Outgoing) -> Message {
        match message {
            Outgoing::Plain(data) => Message::Plain(data),
            Outgoing::WithFds(message) => {
                let objects = message.fds.iter().map(|&fd| match self.take_fd(slot, fd) {
                    Some(object) => object,
                    None => broken("a descriptor went away while its message waited"),
                });
                let objects = objects.collect();
                Message::WithObjects(Box::new((message.data, objects)))
            }
        }
    }

    /// A message arrives: its receiver has the descriptors.
    fn unpack(&mut self, slot: u32, message: Message) -> Reply {
        match message {
            Message::Plain(data) => Reply::Buf(data),
            Message::WithObjects(parcel) => {
                let (data, objects) = *parcel;
                let fds = objects.into_iter().map(|object| match self.install(slot, object) {
                    Ok(fd) => fd,
                    Err(_) => broken("there was room for the descriptors of a message"),
                });
                let fds = fds.collect();
                Reply::Message(Box::new(yieldix_syscalls::Message { data, fds }))
            }
        }
    }

    /// Answers the first receiver that waits, as `unblock` does; what it waits on is known here.
    #[inline(always)]
    fn hand_over(&mut self, port: u32, receiver: u32, reply: Reply) {
        let (place, cold) = self.table.slot_and_cold(receiver);
        let State::Receiving { links, .. } = place.state else { broken("receivers wait to receive") };
        place.set_state(State::Ready(reply));
        let tid = Tid::new(receiver, place.serial());
        if cold.is_some_and(|cold| cold.has_deadline()) {
            self.timers.cancel(receiver);
        }
        port_mut(&mut self.ports, port).receiving.drop_first(self.table.slots_mut(), links);
        self.make_ready(tid, Cause::Port { port });
    }

    #[inline(always)]
    pub(crate) fn sys_port_recv(&mut self, slot: u32, fd: Fd) -> Next {
        match self.receive_at_once(slot, fd) {
            Received::Bytes(data) => self.answer(slot, Reply::Buf(data)),
            Received::Waits => {
                self.tell_blocked(slot);
                Next::Stop(Stop::Blocked)
            }
            Received::Otherwise => self.receive_or_block(slot, fd, true),
        }
    }

    #[inline(never)]
    pub(crate) fn receive_or_block(&mut self, slot: u32, fd: Fd, may_wait: bool) -> Next {
        let port = match self.receiving_end(slot, fd) {
            Ok(port) => port,
            Err(errno) => return self.answer(slot, Reply::Err(errno)),
        };
        match self.receive(slot, port) {
            Some(answer) => {
                self.note_fruitful(slot);
                self.answer_with(slot, answer)
            }
            None if may_wait => self.block(slot, State::Receiving { port, links: Links::LOOSE }),
            None => self.answer_nothing(slot, Reply::Err(Errno::EAGAIN)),
        }
    }

    /// The answer to a receive; none when it has to wait.
    pub(crate) fn receive(&mut self, slot: u32, port: u32) -> Option<Result<Reply, Errno>> {
        let Some(message) = self.port(port).messages.front() else {
            return self.port(port).has_ended().then_some(Ok(Reply::End));
        };
        if let Err(errno) = self.room_for_fds(slot, message.objects().len() as u32) {
            return Some(Err(errno));
        }
        let message = self.port_mut(port).messages.pop_front()?;
        emit!(self, MessageTaken { port, messages: self.port(port).messages.len() });
        let reply = self.unpack(slot, message);
        self.fill_up(port);
        Some(Ok(reply))
    }

    /// There is room for one more message: that of the first sender who waits, or of who polls.
    fn fill_up(&mut self, port: u32) {
        let Some(sender) = self.port(port).sending.first() else {
            return self.wake_watchers(Object::Sender(port), Direction::Write);
        };
        let message = self.take_message(sender);
        let message = self.pack(sender, message);
        self.queue(port, message);
        self.unblock(sender, Reply::Unit, Cause::Port { port });
    }

    /// Takes the message out of a task that waits to send it.
    pub(crate) fn take_message(&mut self, sender: u32) -> Outgoing {
        match self.table.cold_mut(sender).and_then(|cold| cold.take_outgoing()) {
            Some(message) => message,
            None => broken("a task waits to send nothing"),
        }
    }

    /// What counts the holders of a port's end.
    pub(crate) fn holders_of_end(&mut self, end: Object) -> &mut u32 {
        match end {
            Object::Sender(port) => &mut self.port_mut(port).senders,
            Object::Receiver(port) => &mut self.port_mut(port).receivers,
            Object::File(_) => broken("a file is no end of a port"),
        }
    }

    /// One holder less of a port's end. With the last, those who wait at the other end are told.
    pub(crate) fn let_go_of_end(&mut self, end: Object) {
        let holders = self.holders_of_end(end);
        *holders -= 1;
        if *holders > 0 {
            return;
        }
        match end {
            Object::Sender(port) => self.end_sending(port),
            Object::Receiver(port) => self.end_receiving(port),
            Object::File(_) => broken("a file is no end of a port"),
        }
    }

    /// Nobody holds the sending end.
    fn end_sending(&mut self, port: u32) {
        emit!(self, PortEndClosed { port, end: "sending", dropped: 0 });
        if self.port(port).receivers == 0 {
            return self.close_port(port);
        }
        if !self.port(port).has_ended() {
            return;
        }
        while let Some(receiver) = self.port(port).receiving.first() {
            self.unblock(receiver, Reply::End, Cause::Port { port });
        }
        self.wake_watchers(Object::Receiver(port), Direction::Read);
    }

    /// Nobody holds the receiving end: what was not received never will be.
    fn end_receiving(&mut self, port: u32) {
        let messages = std::mem::take(&mut self.port_mut(port).messages);
        emit!(self, PortEndClosed { port, end: "receiving", dropped: messages.len() });
        if let Some(name) = self.port_mut(port).name.take() {
            self.port_names.remove(&name);
        }
        while let Some(sender) = self.port(port).sending.first() {
            self.end_wait(sender, Errno::EPIPE, Cause::Port { port });
        }
        self.wake_watchers(Object::Sender(port), Direction::Write);
        if self.port(port).senders == 0 {
            self.close_port(port);
        }
        // Last: a message may hold the last sending end of this very port.
        for message in messages {
            for &object in message.objects() {
                self.let_go(object);
            }
            self.discard(Tid::NONE, message);
        }
    }

    fn close_port(&mut self, port: u32) {
        let Some(gone) = self.ports.remove(port) else { broken("a port is closed twice") };
        let is_waited_on = [gone.sending, gone.receiving].iter().chain(&gone.watched).any(|queue| !queue.is_empty());
        if is_waited_on || gone.name.is_some() || !gone.messages.is_empty() {
            broken("a port is closed while something is left of it");
        }
        emit!(self, PortClosed { port });
    }
}
