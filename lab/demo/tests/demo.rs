//! The facts that `cargo xtask demo` prints.

use dagward_build as module;
use dagward_demo::quick::Demo;

#[test]
fn every_answer_is_as_its_scene_expects() {
    let demo = Demo::run(&module::build().unwrap().path).unwrap();
    assert!(demo.holds(), "{demo}");
}
