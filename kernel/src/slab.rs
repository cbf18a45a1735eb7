//! A table with free slots: small numbers for things that come and go.

/// Values by the index they were given; an index is used again after its value was removed, the
/// last one freed first.
#[derive(Debug)]
pub struct Slab<T> {
    entries: Vec<Entry<T>>,
    free: u32,
    len: u32,
}

#[derive(Debug)]
enum Entry<T> {
    Used(T),
    Free { next: u32 },
}

const NONE: u32 = u32::MAX;

impl<T> Default for Slab<T> {
    fn default() -> Slab<T> {
        Slab { entries: Vec::new(), free: NONE, len: 0 }
    }
}

impl<T> Slab<T> {
    /// How many values there are.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// The index that the next value will have.
    pub fn next_index(&self) -> u32 {
        if self.free == NONE { self.entries.len() as u32 } else { self.free }
    }

    /// Puts a value in and gives its index.
    pub fn insert(&mut self, value: T) -> u32 {
        self.len += 1;
        let index = self.free;
        match self.entries.get_mut(index as usize) {
            Some(entry) => {
                if let Entry::Free { next } = *entry {
                    self.free = next;
                }
                *entry = Entry::Used(value);
                index
            }
            None => {
                self.entries.push(Entry::Used(value));
                self.entries.len() as u32 - 1
            }
        }
    }

    /// Takes the value at `index` out.
    pub fn remove(&mut self, index: u32) -> Option<T> {
        let entry = self.entries.get_mut(index as usize).filter(|entry| matches!(entry, Entry::Used(_)))?;
        let Entry::Used(value) = std::mem::replace(entry, Entry::Free { next: self.free }) else { return None };
        self.free = index;
        self.len -= 1;
        Some(value)
    }

    /// The value at `index`.
    pub fn get(&self, index: u32) -> Option<&T> {
        match self.entries.get(index as usize) {
            Some(Entry::Used(value)) => Some(value),
            _ => None,
        }
    }

    /// The value at `index`, to change.
    pub fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        match self.entries.get_mut(index as usize) {
            Some(Entry::Used(value)) => Some(value),
            _ => None,
        }
    }

    /// Every value with its index, in the order of the indices, to change.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        self.entries.iter_mut().enumerate().filter_map(|(index, entry)| match entry {
            Entry::Used(value) => Some((index as u32, value)),
            Entry::Free { .. } => None,
        })
    }

    /// Every value with its index, in the order of the indices.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.entries.iter().enumerate().filter_map(|(index, entry)| match entry {
            Entry::Used(value) => Some((index as u32, value)),
            Entry::Free { .. } => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_freed_index_is_used_first() {
        let mut slab = Slab::default();
        let (a, b, c) = (slab.insert('a'), slab.insert('b'), slab.insert('c'));
        assert_eq!((a, b, c), (0, 1, 2));
        assert_eq!(slab.remove(a), Some('a'));
        assert_eq!(slab.remove(c), Some('c'));
        assert_eq!(slab.remove(c), None);
        assert_eq!((slab.next_index(), slab.insert('d')), (2, 2));
        assert_eq!((slab.next_index(), slab.insert('e')), (0, 0));
        assert_eq!((slab.next_index(), slab.insert('f')), (3, 3));
        assert_eq!(slab.remove(3), Some('f'));
        assert_eq!(slab.len(), 3);
        assert_eq!(slab.iter().map(|(_, value)| *value).collect::<String>(), "ebd");
    }
}
