//! Part 1: generators and coroutines.

use yieldix::userland::{flow::*, prelude::*};

/// Gives each `size` neighbours: of 1, 2, 3, 4 by threes, `[1, 2, 3]` and then `[2, 3, 4]`.
///
/// It holds no more numbers than it gives, so an endless source is as good as any.
pub fn windows(numbers: impl Iterator<Item = u32> + Send, size: usize) -> impl Generator<Vec<u32>> {
    generator!({
        delegate!([]);
    })
}

/// A number, and trees of smaller ones and of larger ones.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Smaller.
    pub left: Option<Box<Tree>>,
    /// The number.
    pub number: u32,
    /// Larger.
    pub right: Option<Box<Tree>>,
}

/// Gives the numbers of a tree, the smallest first: it delegates to the left, gives its own, delegates to
/// the right.
///
/// The box is there because a type cannot contain itself.
pub fn walk(tree: Tree) -> Box<dyn Generator<u32>> {
    Box::new(generator!({
        delegate!([]);
    }))
}

/// Takes numbers, and says when it is closed: `3 numbers, 4 on average`; of none, `no numbers`.
pub fn average(out: Output) -> impl Consumer<f64> {
    consumer!(f64, {
        while (yield)?.is_some() {}
        Ok(())
    })
}
