//! A table of devices of one class, each with its generation.

use super::{Class, Device};
use crate::slab::Slab;
use yieldix_syscalls::Errno;

/// What is known of each device of a class.
#[derive(Debug)]
pub struct Devices<T> {
    class: Class,
    places: Slab<(u32, T)>,
    /// Devices that there have been: the generation of the next.
    made: u32,
}

impl<T> Devices<T> {
    /// No device yet.
    pub fn new(class: Class) -> Devices<T> {
        Devices { class, places: Slab::default(), made: 0 }
    }

    /// How many are open.
    pub fn len(&self) -> u32 {
        self.places.len()
    }

    /// A new device, for which `make` gives what is to be known of it.
    pub fn open(&mut self, make: impl FnOnce(Device) -> T) -> Device {
        let device = Device::of(self.class, self.places.next_index(), self.made);
        self.made = self.made.wrapping_add(1);
        self.places.insert((device.generation, make(device)));
        device
    }

    /// What is known of a device. `EBADF` when it was closed.
    pub fn get(&mut self, device: Device) -> Result<&mut T, Errno> {
        match self.places.get_mut(device.place()) {
            Some((generation, known)) if *generation == device.generation && self.class == device.class() => Ok(known),
            _ => Err(Errno::EBADF),
        }
    }

    /// The same, to look at.
    pub fn known(&self, device: Device) -> Option<&T> {
        let (generation, known) = self.places.get(device.place())?;
        (*generation == device.generation && self.class == device.class()).then_some(known)
    }

    /// The device of this index that is open.
    pub fn current(&mut self, index: u32) -> Option<Device> {
        let device = Device { index, generation: 0 };
        let (generation, _) = self.places.get_mut(device.place()).filter(|_| device.class() == self.class)?;
        Some(Device { index, generation: *generation })
    }

    /// Every device, in the order of their places.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Device, &mut T)> {
        let class = self.class;
        let device = move |place, generation| Device::of(class, place, generation);
        self.places.iter_mut().map(move |(place, (generation, known))| (device(place, *generation), known))
    }

    /// Takes a device out.
    pub fn close(&mut self, device: Device) -> Option<T> {
        self.get(device).ok()?;
        self.places.remove(device.place()).map(|(_, known)| known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_was_closed_is_not_the_one_that_has_its_place_now() {
        let mut jobs = Devices::new(Class::Job);
        let [first, other] = ['a', 'b'].map(|known| jobs.open(|_| known));
        assert_eq!(jobs.close(first), Some('a'));
        let second = jobs.open(|device| if device.place() == first.place() { 'c' } else { '?' });
        assert_eq!(jobs.get(first), Err(Errno::EBADF));
        assert_eq!(jobs.close(first), None);
        assert_eq!(jobs.get(second), Ok(&mut 'c'));
        assert_eq!(jobs.get(other), Ok(&mut 'b'));
        let stream = Device { index: second.place(), generation: second.generation };
        assert_eq!((stream.class(), jobs.get(stream)), (Class::Stream, Err(Errno::EBADF)));
        assert_eq!(jobs.len(), 2);
    }
}
