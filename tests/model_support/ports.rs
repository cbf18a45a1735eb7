//! The part of the account that is about ports: who waits at which end, and what is in the queues.

use super::{
    descriptors::Is,
    world::{Waits, World},
};
use std::collections::VecDeque;
use yieldix::syscalls::*;

/// What a receiver is told, or a sender, to whom nothing comes.
pub type Message = Result<Option<(u64, Vec<Fd>)>, Errno>;

/// A port. Its ends are objects.
#[derive(Debug)]
pub struct Port {
    capacity: usize,
    sender: usize,
    receiver: usize,
    queue: VecDeque<(u64, Vec<usize>)>,
    sending: VecDeque<(u64, u64, Vec<Fd>)>,
    receiving: VecDeque<u64>,
}

/// What a task that was stopped waited for at a port: others are served meanwhile.
#[derive(Debug)]
pub enum Aside {
    /// To send this there.
    Sending(usize, u64, Vec<Fd>),
    /// To receive from there.
    Receiving(usize),
}

impl World {
    /// `who` is stopped: it leaves its queue, and still waits.
    pub fn step_aside(&mut self, who: u64) {
        for (index, port) in self.ports.iter_mut().enumerate() {
            let place = port.sending.iter().position(|(sender, ..)| *sender == who);
            if let Some((_, message, fds)) = place.and_then(|place| port.sending.remove(place)) {
                self.aside.insert(who, Aside::Sending(index, message, fds));
            }
            if port.receiving.contains(&who) {
                port.receiving.retain(|receiver| *receiver != who);
                self.aside.insert(who, Aside::Receiving(index));
            }
        }
    }

    /// `who` goes on: what it waits for is attempted, and it is last in its queue if it has to wait on.
    pub fn step_back(&mut self, who: u64) {
        match self.aside.remove(&who) {
            None => {}
            Some(Aside::Receiving(port)) => match self.receive_at(who, port) {
                Some(answer) => self.tell(who, answer),
                None => self.ports[port].receiving.push_back(who),
            },
            Some(Aside::Sending(port, message, fds)) => {
                if self.holders(self.ports[port].receiver) == 0 {
                    self.tell(who, Err(Errno::EPIPE));
                } else if self.ports[port].queue.len() < self.ports[port].capacity {
                    self.pass_on(who, port, message, &fds);
                    self.tell(who, Ok(None));
                } else {
                    self.ports[port].sending.push_back((who, message, fds));
                }
            }
        }
    }

    /// `me` makes a port: its ends.
    pub fn port_create(&mut self, me: u64, capacity: u32) -> Result<(Fd, Fd), Errno> {
        if capacity == 0 {
            return Err(Errno::EINVAL);
        }
        if self.room_for_fds(me) < 2 {
            return Err(Errno::EMFILE);
        }
        let port = self.ports.len();
        let [sender, receiver] = [Is::Sender(port), Is::Receiver(port)].map(|is| self.add_object(is));
        let ends = [sender, receiver].map(|object| self.put_next(me, object));
        let capacity = capacity as usize;
        let (queue, sending, receiving) = Default::default();
        self.ports.push(Port { capacity, sender, receiver, queue, sending, receiving });
        Ok((ends[0], ends[1]))
    }

    /// `me` sends: the answer, unless it must wait for that.
    pub fn port_send(&mut self, me: u64, fd: Fd, act: (u64, Vec<Fd>), may_wait: bool) -> Option<Message> {
        let port = match self.what_is(me, fd) {
            Is::Sender(port) => port,
            Is::Closed | Is::Receiver(_) => return Some(Err(Errno::EBADF)),
            _ => return Some(Err(Errno::EOPNOTSUPP)),
        };
        let (message, fds) = act;
        for (index, fd) in fds.iter().enumerate() {
            match self.what_is(me, *fd) {
                Is::Closed => return Some(Err(Errno::EBADF)),
                Is::Receiver(_) => return Some(Err(Errno::EINVAL)),
                _ if fds[..index].contains(fd) => return Some(Err(Errno::EINVAL)),
                _ => {}
            }
        }
        if self.holders(self.ports[port].receiver) == 0 {
            return Some(Err(Errno::EPIPE));
        }
        if self.ports[port].queue.len() < self.ports[port].capacity {
            self.pass_on(me, port, message, &fds);
            return Some(Ok(None));
        }
        if !may_wait {
            return Some(Err(Errno::EAGAIN));
        }
        self.ports[port].sending.push_back((me, message, fds));
        self.begin_wait_at_port(me)
    }

    /// A message leaves its sender, for the first receiver with room or for the queue.
    fn pass_on(&mut self, me: u64, port: usize, message: u64, fds: &[Fd]) {
        let objects = self.take_all(me, fds);
        while let Some(receiver) = self.ports[port].receiving.pop_front() {
            if self.room_for_fds(receiver) < objects.len() {
                self.tell(receiver, Err(Errno::EMFILE));
                continue;
            }
            let fds = objects.into_iter().map(|object| self.put_next(receiver, object)).collect();
            return self.tell(receiver, Ok(Some((message, fds))));
        }
        self.ports[port].queue.push_back((message, objects));
    }

    /// `me` receives: the answer, unless it must wait for that.
    pub fn port_recv(&mut self, me: u64, fd: Fd, may_wait: bool) -> Option<Message> {
        let port = match self.what_is(me, fd) {
            Is::Receiver(port) => port,
            Is::Closed | Is::Sender(_) => return Some(Err(Errno::EBADF)),
            _ => return Some(Err(Errno::EOPNOTSUPP)),
        };
        let answer = self.receive_at(me, port);
        if answer.is_some() {
            return answer;
        }
        if !may_wait {
            return Some(Err(Errno::EAGAIN));
        }
        self.ports[port].receiving.push_back(me);
        self.begin_wait_at_port(me)
    }

    /// The answer to a receive; none when it has to wait.
    fn receive_at(&mut self, me: u64, port: usize) -> Option<Message> {
        let Some(count) = self.ports[port].queue.front().map(|(_, objects)| objects.len()) else {
            return (self.holders(self.ports[port].sender) == 0).then_some(Ok(None));
        };
        if self.room_for_fds(me) < count {
            return Some(Err(Errno::EMFILE));
        }
        let (message, objects) = self.ports[port].queue.pop_front()?;
        let fds = objects.into_iter().map(|object| self.put_next(me, object)).collect();
        if let Some((sender, message, fds)) = self.ports[port].sending.pop_front() {
            let objects = self.take_all(sender, &fds);
            self.ports[port].queue.push_back((message, objects));
            self.tell(sender, Ok(None));
        }
        Some(Ok(Some((message, fds))))
    }

    /// Nobody holds an end any more: those at the other are told.
    pub fn end_is_gone(&mut self, end: Is) {
        match end {
            Is::Sender(port) => {
                for receiver in std::mem::take(&mut self.ports[port].receiving) {
                    self.tell(receiver, Ok(None));
                }
            }
            Is::Receiver(port) => {
                for (sender, ..) in std::mem::take(&mut self.ports[port].sending) {
                    self.tell(sender, Err(Errno::EPIPE));
                }
                for (_, objects) in std::mem::take(&mut self.ports[port].queue) {
                    objects.into_iter().for_each(|object| self.let_go(object));
                }
            }
            _ => {}
        }
    }

    /// A task waits at no port any more.
    pub fn leave_ports(&mut self, me: u64) {
        self.aside.remove(&me);
        for port in &mut self.ports {
            port.sending.retain(|(sender, ..)| *sender != me);
            port.receiving.retain(|receiver| *receiver != me);
        }
    }

    fn begin_wait_at_port(&mut self, me: u64) -> Option<Message> {
        self.actor(me).waits = Waits::Port;
        None
    }

    /// What ended a wait at a port.
    pub fn tell(&mut self, who: u64, what: Message) {
        let actor = self.actor(who);
        (actor.waits, actor.message) = (Waits::No, Some(what));
    }

    /// Notes it when the answer at a port is not the one foretold, at once or by what ended the wait.
    pub fn compare_message(&mut self, me: u64, act: &str, got: Message, foretold: Option<Message>) {
        match foretold.or_else(|| self.actor(me).message.take()) {
            Some(foretold) => self.compare_answer(me, act, got, foretold),
            None => self.disagree(me, format!("{act} was answered {got:?}, and nothing had ended the wait")),
        }
    }
}
