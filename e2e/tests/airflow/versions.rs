//! The oldest release, the newest, and the newest pre-release with LocalExecutor, under the policy to begin with.

use dagward_releases::Release;
use dagward_testbed::airflow::Passage;
use serde_json::Value;

use crate::policies;

#[test]
fn a_run_passes_on_airflow_2() {
    let passage = Passage::make(Release::V2_11, &policies::starter(), &[]).unwrap();
    assert_eq!(passage.problems(), Vec::<String>::new());
}

#[test]
fn runs_pass_on_the_newest_pre_release() {
    let further = ["sales_features", "sales_deadline"];
    let passage = Passage::make(Release::V3_4, &policies::starter(), &further).unwrap();
    assert_eq!(passage.problems(), Vec::<String>::new());
    // The deadline callback has started, and it has read a variable with its token.
    let of_callback = |request: &&Value| request["dagward_task_id"] == "__callback__";
    let asked: Vec<_> = passage
        .requests
        .iter()
        .filter(of_callback)
        .map(|request| &request["method"])
        .collect();
    assert_eq!(asked, ["PATCH", "GET"]);
}

#[test]
fn runs_pass_on_the_newest_airflow() {
    let passage = Passage::make(Release::V3_3, &policies::starter(), &["sales_features"]).unwrap();
    assert_eq!(passage.problems(), Vec::<String>::new());
}
