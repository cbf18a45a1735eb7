//! Part 1: generators and coroutines.

use std::collections::VecDeque;
use yieldix::userland::{flow::*, prelude::*};

/// Gives each `size` neighbours.
pub fn windows(numbers: impl Iterator<Item = u32> + Send, size: usize) -> impl Generator<Vec<u32>> {
    generator!({
        let mut window = VecDeque::new();
        for number in numbers {
            window.push_back(number);
            if window.len() > size {
                window.pop_front();
            }
            if window.len() == size {
                yield window.iter().copied().collect();
            }
        }
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

/// Gives the numbers of a tree, the smallest first.
pub fn walk(tree: Tree) -> Box<dyn Generator<u32>> {
    Box::new(generator!({
        if let Some(left) = tree.left {
            delegate!(walk(*left));
        }
        yield tree.number;
        if let Some(right) = tree.right {
            delegate!(walk(*right));
        }
    }))
}

/// Takes numbers, and says when it is closed how many there were, and their average.
pub fn average(out: Output) -> impl Consumer<f64> {
    consumer!(f64, {
        let (mut count, mut sum) = (0, 0.0);
        while let Some(number) = (yield)? {
            count += 1;
            sum += number;
        }
        match count {
            0 => out.line("no numbers"),
            _ => out.line(format_args!("{count} numbers, {} on average", sum / f64::from(count))),
        }
        Ok(())
    })
}
