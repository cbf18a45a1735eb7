//! Who waits for strace to end, and is not traced: it would tell nothing any more, and nobody would go on.

use crate::prelude::*;
use alloc::collections::{BTreeMap, BTreeSet};

/// The tasks that this one has to do with.
#[derive(Default)]
pub(super) struct Around {
    /// They go on when this one has ended, and not before.
    pub waiting: BTreeSet<Tid>,
    /// They may come to wait for it.
    pub ancestors: BTreeSet<Tid>,
}

pub(super) fn look_around() -> impl Routine<Result<Around, Errno>> {
    routine!(move {
        let me = trap!(yield gettid())?;
        let tasks = trap!(yield tasks())?;
        let tasks = by_tid(&tasks);
        Ok(Around { waiting: waiting_for(me, &tasks), ancestors: ancestors(me, &tasks) })
    })
}

fn by_tid(tasks: &[TaskInfo]) -> BTreeMap<Tid, &TaskInfo> {
    tasks.iter().map(|task| (task.tid, task)).collect()
}

fn ancestors(tid: Tid, tasks: &BTreeMap<Tid, &TaskInfo>) -> BTreeSet<Tid> {
    let parent_of = |tid: Tid| tasks.get(&tid).map(|task| task.parent);
    core::iter::successors(parent_of(tid), |tid| parent_of(*tid)).collect()
}

/// The tasks that go on when this one has ended, and not before: those that wait for it, for those, and so on. Each
/// task is looked at once, however long such a row is.
fn waiting_for(tid: Tid, tasks: &BTreeMap<Tid, &TaskInfo>) -> BTreeSet<Tid> {
    // The parent of a task that waits for one of several, of which that is one.
    let awaits_one_of = |child: &TaskInfo| {
        let parent = tasks.get(&child.parent)?;
        let is_awaited = match parent.state {
            TaskState::Blocked(WaitsOn::AnyChild | WaitsOn::NurseryChild(_)) => true,
            TaskState::Blocked(WaitsOn::GroupChild(group)) => child.group == group,
            _ => false,
        };
        is_awaited.then_some(parent.tid)
    };
    let mut awaiting: BTreeMap<Tid, Vec<Tid>> = BTreeMap::new();
    let mut others: BTreeMap<Tid, usize> = BTreeMap::new();
    for task in tasks.values() {
        if let TaskState::Blocked(WaitsOn::Child(target) | WaitsOn::Join(target)) = task.state {
            awaiting.entry(target).or_default().push(task.tid);
        }
        if let Some(parent) = awaits_one_of(task) {
            *others.entry(parent).or_default() += 1;
        }
    }
    let (mut waiting, mut found) = (BTreeSet::new(), vec![tid]);
    while let Some(ending) = found.pop() {
        if !waiting.insert(ending) {
            continue;
        }
        found.append(&mut awaiting.remove(&ending).unwrap_or_default());
        if let Some(parent) = tasks.get(&ending).and_then(|task| awaits_one_of(task))
            && let Some(others) = others.get_mut(&parent)
        {
            *others -= 1;
            if *others == 0 {
                found.push(parent);
            }
        }
    }
    waiting.remove(&tid);
    waiting
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::ps::tests::task;

    #[test]
    fn who_waits_for_a_task_is_found_through_others_and_who_has_another_reason_to_go_on_is_not() {
        let state = |waits| TaskState::Blocked(waits);
        let child = |serial| state(WaitsOn::Child(Tid::new(0, serial)));
        // Each is the child of the one before; 3 has the child 9 as well.
        let tasks = |of_two, of_three| {
            let mut tasks = vec![
                task(1, "init", state(WaitsOn::AnyChild), 1),
                task(2, "sh", of_two, 1),
                task(3, "sh", of_three, 1),
                task(4, "strace", TaskState::Running, 1),
                task(9, "other", TaskState::Ready, 1),
            ];
            tasks[4].parent = Tid::new(0, 3);
            tasks
        };
        let serials = |tasks: Vec<TaskInfo>| {
            let waiting = waiting_for(Tid::new(0, 4), &by_tid(&tasks));
            waiting.iter().map(|tid| tid.serial()).collect::<Vec<_>>()
        };
        assert_eq!(serials(tasks(child(3), child(4))), [1, 2, 3]);
        assert_eq!(serials(tasks(child(3), child(9))), [0; 0]);
        assert_eq!(serials(tasks(child(3), state(WaitsOn::AnyChild))), [0; 0]);
        assert_eq!(serials(tasks(TaskState::Ready, child(4))), [3]);
        let above = ancestors(Tid::new(0, 4), &by_tid(&tasks(TaskState::Ready, TaskState::Ready)));
        assert!(
            [1, 2, 3].into_iter().all(|serial| above.contains(&Tid::new(0, serial)))
                && !above.contains(&Tid::new(0, 9))
        );
    }

    #[test]
    fn a_child_of_another_group_is_no_other_reason_to_go_on() {
        let group_of = |mut task: TaskInfo, group: u64| {
            (task.parent, task.group) = (Tid::new(0, 2), Tid::new(0, group));
            task
        };
        let shell = task(2, "sh", TaskState::Blocked(WaitsOn::GroupChild(Tid::new(0, 3))), 1);
        let background = group_of(task(9, "sleep", TaskState::Ready, 1), 9);
        let (strace, cat) =
            (group_of(task(3, "strace", TaskState::Running, 1), 3), group_of(task(4, "cat", TaskState::Ready, 1), 3));
        let is_found = |tasks: &[TaskInfo]| waiting_for(Tid::new(0, 3), &by_tid(tasks)).contains(&Tid::new(0, 2));
        assert!(is_found(&[shell.clone(), strace.clone(), background.clone()]));
        assert!(!is_found(&[shell, strace, cat, background]));
    }

    /// Looked through anew for each of them, the tasks would take hours.
    #[test]
    fn a_row_of_100_000_that_wait_for_each_other_is_found() {
        const TASKS: u64 = 100_000;
        let waits = |serial| match serial {
            1 => TaskState::Running,
            serial if serial % 2 == 0 => TaskState::Blocked(WaitsOn::Child(Tid::new(0, serial - 1))),
            _ => TaskState::Blocked(WaitsOn::AnyChild),
        };
        let mut tasks: Vec<TaskInfo> = (1..=TASKS).map(|serial| task(serial, "sh", waits(serial), 1)).collect();
        for task in &mut tasks {
            task.parent = Tid::new(0, task.tid.serial() + 1);
        }
        assert_eq!(waiting_for(Tid::new(0, 1), &by_tid(&tasks)).len() as u64, TASKS - 1);
        assert_eq!(ancestors(Tid::new(0, 1), &by_tid(&tasks)).len() as u64, TASKS);
    }
}
