//! News of files that others change.

use super::*;
use yieldix_kernel::hardware::host::{Folder, NEWS_READ, NEWS_READS_MAX};

#[test]
fn news_of_files_is_taken_a_bounded_part_a_look_and_the_next_look_goes_on() {
    /// Bytes of the host's news of a short name.
    const NEWS_BYTES: usize = 32;
    const LOOKS: usize = 5;
    let scratch = std::env::temp_dir().join(format!("yieldix-news-{}", std::process::id()));
    std::fs::create_dir(&scratch).unwrap();
    std::fs::write(scratch.join("watched"), "").unwrap();
    let folders = vec![Folder::open(&scratch).unwrap()];
    let mut host = Host::new(HostOptions { folders, ..HostOptions::default() }).unwrap();
    let watch = host.watch(0, "watched").unwrap();
    wait(&mut host, |host| host.connected(watch)).unwrap();
    for _ in 0..LOOKS * NEWS_READS_MAX * NEWS_READ / NEWS_BYTES / 2 {
        std::fs::write(scratch.join("other"), "").unwrap();
        std::fs::remove_file(scratch.join("other")).unwrap();
    }
    std::fs::write(scratch.join("watched"), "news").unwrap();
    let (mut looks, mut happened, until) = (0, Vec::new(), host.now() + PATIENCE);
    while !happened.iter().any(|i| is_ready_to_read(i, watch)) {
        host.interrupts(until, &mut happened);
        assert!(host.now() < until, "the next look waited, though there was more");
        looks += 1;
    }
    std::fs::remove_dir_all(&scratch).unwrap();
    assert!(looks >= LOOKS, "{looks} looks took all");
    assert_eq!(&*host.try_read(watch, 64).unwrap().data, b"modified\n");
}
