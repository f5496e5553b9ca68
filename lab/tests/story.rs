//! The story of `cargo xtask demo`.

use dagward_lab::module;
use dagward_lab::story::Story;

#[test]
fn every_answer_is_what_the_story_expects() {
    let story = Story::tell(&module::build().unwrap().path).unwrap();
    assert!(story.holds(), "{story}");
}
