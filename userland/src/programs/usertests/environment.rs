//! Tests of the environment: variables that children inherit, and nobody else sees.

use super::{Test, support::*};
use crate::prelude::*;

pub(super) const TESTS: &[Test] = tests![
    a_variable_is_set_replaced_and_removed,
    a_child_inherits_variables_and_changes_only_its_own,
    variables_are_listed_in_the_order_of_their_names,
    a_name_or_value_that_cannot_be_is_refused,
    an_environment_has_a_bound_and_room_again,
];

fn a_variable_is_set_replaced_and_removed() -> Task {
    task!({
        assert_eq!(trap!(yield getenv("GREETING")), Err(Errno::ENOENT));
        for value in ["hello", "", "grüß dich"] {
            trap!(yield setenv("GREETING", value))?;
            assert_eq!(trap!(yield getenv("GREETING"))?, value);
        }
        trap!(yield unsetenv("GREETING"))?;
        trap!(yield unsetenv("GREETING"))?;
        assert_eq!(trap!(yield getenv("GREETING")), Err(Errno::ENOENT));
        Ok(())
    })
}

fn a_child_inherits_variables_and_changes_only_its_own() -> Task {
    task!({
        trap!(yield setenv("COLOUR", "red"))?;
        let child = task!({
            assert_eq!(trap!(yield getenv("COLOUR"))?, "red");
            trap!(yield setenv("COLOUR", "blue"))?;
            let grandchild = trap!(
                yield spawn(task!({
                    assert_eq!(trap!(yield getenv("COLOUR"))?, "blue");
                    Ok(())
                }))
            )?;
            assert_eq!(trap!(yield wait(grandchild))?, ExitStatus::Exited(0));
            Ok(())
        });
        let child = trap!(yield spawn(child))?;
        // Set after the spawn, so not the child's.
        trap!(yield setenv("COLOUR", "green"))?;
        assert_eq!(trap!(yield wait(child))?, ExitStatus::Exited(0));
        assert_eq!(trap!(yield getenv("COLOUR"))?, "green");
        Ok(())
    })
}

fn variables_are_listed_in_the_order_of_their_names() -> Task {
    task!({
        for name in ["USERTESTS_B", "USERTESTS_C", "USERTESTS_A"] {
            trap!(yield setenv(name, name.to_ascii_lowercase()))?;
        }
        let all = trap!(yield environment())?;
        let ours: Vec<&str> = all.iter().filter(|(name, _)| name.starts_with("USERTESTS_")).map(|v| &*v.1).collect();
        assert_eq!(ours, ["usertests_a", "usertests_b", "usertests_c"]);
        Ok(())
    })
}

fn a_name_or_value_that_cannot_be_is_refused() -> Task {
    task!({
        for (name, value) in
            [(&b""[..], &b"x"[..]), (b"A=B", b"x"), (b"A\0", b"x"), (b"A", b"x\0y"), (b"\xff", b"x"), (b"A", b"\xff")]
        {
            assert_eq!(trap!(yield setenv(name.to_vec(), value.to_vec())), Err(Errno::EINVAL));
        }
        assert_eq!(trap!(yield getenv("A=B")), Err(Errno::ENOENT));
        Ok(())
    })
}

fn an_environment_has_a_bound_and_room_again() -> Task {
    const BYTES: usize = 64 << 10;
    task!({
        let large = vec![b'x'; BYTES / 2];
        trap!(yield setenv("HALF", large.clone()))?;
        assert_eq!(trap!(yield setenv("OTHER_HALF", large.clone())), Err(Errno::E2BIG));
        assert_eq!(trap!(yield getenv("OTHER_HALF")), Err(Errno::ENOENT));
        // To replace a value takes the difference.
        trap!(yield setenv("HALF", large.clone()))?;
        trap!(yield unsetenv("HALF"))?;
        trap!(yield setenv("OTHER_HALF", large))?;
        assert_eq!(trap!(yield getenv("OTHER_HALF"))?.len(), BYTES / 2);
        Ok(())
    })
}
