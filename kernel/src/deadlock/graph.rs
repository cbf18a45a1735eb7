//! Who waits for whom, as a graph: who can never be woken, and why.
//!
//! A node is a task, or something that tasks hold and others wait at; an edge leads to each of those that could end a
//! wait, any one of which is enough. So a node is *stuck* from which no edges lead to one that is *live*. Among
//! those that are stuck, a *knot* is a set in which all lead to all, and to nobody else. Every one that is stuck
//! is in a knot, leads to one, or leads to where nothing leads on.
//!
//! All of it takes time in proportion to nodes and edges, and no recursion.

use std::collections::VecDeque;

/// Which nodes.
pub type Set = Vec<bool>;

/// The graph.
#[derive(Debug, Default)]
pub struct Graph {
    next: Vec<Vec<u32>>,
    is_task: Set,
    is_live: Set,
}

/// Nodes that all lead to each other.
#[derive(Debug, PartialEq, Eq)]
pub struct Component {
    /// Which, in order.
    pub nodes: Vec<u32>,
    /// Does any lead back to itself?
    pub is_cyclic: bool,
    /// Does none lead to another component?
    pub is_last: bool,
}

impl Graph {
    /// Adds a node.
    pub fn add(&mut self, is_task: bool) -> u32 {
        self.next.push(Vec::new());
        self.is_task.push(is_task);
        self.is_live.push(false);
        self.next.len() as u32 - 1
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.next.len()
    }

    /// The second could end what the first waits for.
    pub fn link(&mut self, from: u32, to: u32) {
        self.next[from as usize].push(to);
    }

    /// These nodes, which are in order, and the edges among them; a node's number there is its place among these.
    pub fn part(&self, nodes: &[u32]) -> Graph {
        let place = |node: &u32| nodes.binary_search(node).ok().map(|place| place as u32);
        let pick = |set: &Set| nodes.iter().map(|&node| set[node as usize]).collect();
        Graph {
            next: nodes.iter().map(|&node| self.next[node as usize].iter().filter_map(place).collect()).collect(),
            is_task: pick(&self.is_task),
            is_live: pick(&self.is_live),
        }
    }

    /// What the node waits for may come by itself, or it does not wait.
    pub fn set_live(&mut self, node: u32) {
        self.is_live[node as usize] = true;
    }

    /// Those from which no way leads to one that is live.
    pub fn stuck(&self) -> Set {
        self.leading_to(&self.is_live).into_iter().map(|is_awake| !is_awake).collect()
    }

    /// Those that are in the set, or from which a way leads there.
    pub fn leading_to(&self, set: &[bool]) -> Set {
        let mut before = vec![Vec::new(); self.len()];
        for (from, next) in (0u32..).zip(&self.next) {
            for &to in next {
                before[to as usize].push(from);
            }
        }
        let mut found = set.to_vec();
        let mut left: Vec<u32> = members(set).collect();
        while let Some(node) = left.pop() {
            for &from in &before[node as usize] {
                if !std::mem::replace(&mut found[from as usize], true) {
                    left.push(from);
                }
            }
        }
        found
    }

    /// The components of what is in the set, by edges within it. (Tarjan's way, on a stack of its own.)
    pub fn components(&self, within: &[bool]) -> Vec<Component> {
        const NEW: u32 = u32::MAX;
        let mut order = vec![NEW; self.len()];
        let mut lowest = vec![NEW; self.len()];
        let mut component_of = vec![NEW; self.len()];
        let (mut open, mut found) = (Vec::new(), Vec::new());
        let mut count = 0;
        for start in members(within) {
            if order[start as usize] != NEW {
                continue;
            }
            // Nodes on the way here, and which of their edges is next.
            let mut way = vec![(start, 0)];
            while let Some((node, edge)) = way.pop() {
                let at = node as usize;
                if edge == 0 {
                    (order[at], lowest[at]) = (count, count);
                    count += 1;
                    open.push(node);
                }
                match self.next[at].get(edge) {
                    Some(&to) => {
                        way.push((node, edge + 1));
                        let to_at = to as usize;
                        if within[to_at] && order[to_at] == NEW {
                            way.push((to, 0));
                        } else if within[to_at] && component_of[to_at] == NEW {
                            lowest[at] = lowest[at].min(order[to_at]);
                        }
                    }
                    None => {
                        if let Some(&(parent, _)) = way.last() {
                            lowest[parent as usize] = lowest[parent as usize].min(lowest[at]);
                        }
                        if lowest[at] == order[at] {
                            let first = open.iter().rposition(|&other| other == node).unwrap_or(0);
                            let mut nodes = open.split_off(first);
                            nodes.sort_unstable();
                            for &member in &nodes {
                                component_of[member as usize] = found.len() as u32;
                            }
                            found.push(Component { nodes, is_cyclic: false, is_last: true });
                        }
                    }
                }
            }
        }
        for (index, component) in (0u32..).zip(&mut found) {
            for &node in &component.nodes {
                for &to in self.next[node as usize].iter().filter(|&&to| within[to as usize]) {
                    component.is_cyclic |= component_of[to as usize] == index;
                    component.is_last &= component_of[to as usize] == index;
                }
            }
        }
        found
    }

    /// The tasks of a shortest cycle through one task by edges within the set, from it on. One of more tasks than
    /// it alone, unless there is none.
    pub fn cycle_through(&self, start: u32, within: &[bool]) -> Option<Vec<u32>> {
        let leads_home = self.straight_to(start, within);
        let mut from = vec![start; self.len()];
        let mut is_reached = vec![false; self.len()];
        is_reached[start as usize] = true;
        let mut left = VecDeque::from([start]);
        while let Some(node) = left.pop_front() {
            for &to in self.next[node as usize].iter().filter(|&&to| within[to as usize]) {
                let is_back = to == start || leads_home[to as usize];
                if is_back && node != start && self.is_task[node as usize] {
                    let way = std::iter::successors(Some(node), |&at| Some(from[at as usize]));
                    let mut cycle: Vec<u32> =
                        way.take_while(|&at| at != start).filter(|&at| self.is_task[at as usize]).collect();
                    cycle.push(start);
                    cycle.reverse();
                    return Some(cycle);
                }
                if !std::mem::replace(&mut is_reached[to as usize], true) {
                    from[to as usize] = node;
                    left.push_back(to);
                }
            }
        }
        let is_its_own = self.next[start as usize].iter().any(|&to| to == start || leads_home[to as usize]);
        is_its_own.then(|| vec![start])
    }

    /// What is no task and leads to one without another task between.
    fn straight_to(&self, target: u32, within: &[bool]) -> Set {
        let things: Vec<u32> = members(within).filter(|&node| !self.is_task[node as usize]).collect();
        let mut found = vec![false; self.len()];
        // A thing that is on its way lies in one other thing, which lies in none.
        for _ in 0..2 {
            for &thing in &things {
                found[thing as usize] |= self.next[thing as usize].iter().any(|&to| to == target || found[to as usize]);
            }
        }
        found
    }
}

/// Those in a set, in order.
pub fn members(set: &[bool]) -> impl Iterator<Item = u32> {
    (0u32..).zip(set).filter_map(|(node, is_in)| is_in.then_some(node))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tasks alone, so many, and their edges.
    fn tasks(count: u32, edges: &[(u32, u32)]) -> Graph {
        let mut graph = Graph::default();
        for _ in 0..count {
            graph.add(true);
        }
        for &(from, to) in edges {
            graph.link(from, to);
        }
        graph
    }

    fn all(graph: &Graph) -> Set {
        vec![true; graph.len()]
    }

    fn knots(graph: &Graph) -> Vec<Vec<u32>> {
        let components = graph.components(&graph.stuck());
        let knots = components.into_iter().filter(|component| component.is_cyclic && component.is_last);
        knots.map(|component| component.nodes).collect()
    }

    #[test]
    fn who_could_be_woken_by_one_that_lives_is_not_stuck() {
        let mut graph = tasks(5, &[(0, 1), (1, 0), (1, 2), (2, 4), (3, 3)]);
        graph.set_live(4);
        assert_eq!(graph.stuck(), [false, false, false, true, false]);
        assert_eq!(knots(&graph), [[3]]);
    }

    #[test]
    fn a_knot_leads_nowhere_else_and_others_lead_to_it() {
        let graph = tasks(6, &[(0, 1), (1, 2), (2, 1), (3, 4), (4, 3), (4, 2), (5, 0)]);
        assert_eq!(knots(&graph), [[1, 2]]);
        let cyclic = graph.components(&all(&graph)).into_iter().filter(|component| component.is_cyclic);
        assert_eq!(cyclic.map(|component| component.nodes).collect::<Vec<_>>(), [[1, 2], [3, 4]]);
        let knot = [false, true, true, false, false, false];
        assert_eq!(graph.leading_to(&knot), [true; 6]);
    }

    #[test]
    fn a_cycle_is_a_shortest_one_and_of_one_task_only_if_there_is_no_other() {
        let graph = tasks(5, &[(0, 0), (0, 1), (1, 2), (2, 0), (1, 3), (3, 4), (4, 0)]);
        assert_eq!(graph.cycle_through(0, &all(&graph)), Some(vec![0, 1, 2]));
        let alone = tasks(2, &[(0, 0), (0, 1)]);
        assert_eq!(alone.cycle_through(0, &all(&alone)), Some(vec![0]));
        assert_eq!(alone.cycle_through(1, &all(&alone)), None);
        assert_eq!(graph.cycle_through(0, &[true, true, false, true, true]), Some(vec![0, 1, 3, 4]));
    }

    #[test]
    fn a_part_has_the_edges_among_its_nodes() {
        let graph = tasks(5, &[(0, 1), (1, 3), (3, 4), (4, 1), (4, 2), (2, 2)]);
        let part = graph.part(&[1, 3, 4]);
        assert_eq!(part.next, [vec![1], vec![2], vec![0]]);
        assert_eq!(part.cycle_through(0, &all(&part)), Some(vec![0, 1, 2]));
    }

    #[test]
    fn a_cycle_goes_through_what_two_tasks_wait_at_and_both_hold() {
        let mut graph = tasks(2, &[]);
        let end = graph.add(false);
        for task in [0, 1] {
            graph.link(task, end);
            graph.link(end, task);
        }
        assert_eq!(graph.cycle_through(0, &all(&graph)), Some(vec![0, 1]));
    }

    #[test]
    fn a_long_chain_takes_no_recursion() {
        const COUNT: u32 = 200_000;
        let edges: Vec<_> = (0..COUNT).map(|at| (at, (at + 1) % COUNT)).collect();
        let graph = tasks(COUNT, &edges);
        assert_eq!(knots(&graph).len(), 1);
        assert_eq!(graph.cycle_through(0, &all(&graph)).map(|cycle| cycle.len()), Some(COUNT as usize));
    }
}
