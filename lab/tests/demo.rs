//! The story of `cargo xtask demo`.

use dagward_lab::demo::Demo;
use dagward_lab::module;

#[test]
fn every_answer_is_what_the_story_expects() {
    let demo = Demo::run(&module::build().unwrap().path).unwrap();
    assert!(demo.holds(), "{demo}");
}
