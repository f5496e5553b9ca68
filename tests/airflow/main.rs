//! End to end on real Airflow.

use dagward_lab::airflow::{Airflow, Mesh, Pod};
use std::time::Instant;

#[test]
fn spike() {
    let start = Instant::now();
    let airflow = Airflow::start().unwrap();
    eprintln!("up {:?}", start.elapsed());
    let run = "manual_1";
    let pods = [
        Pod::new("sales", "sales_daily", run, "extract"),
        Pod::new("sales", "sales_daily", run, "load"),
        Pod::new("ml", "ml_train", run, "features"),
        Pod::new("ml", "ml_train", run, "train"),
        Pod::new("ml", "ml_rogue", run, "steal"),
    ];
    let mesh = Mesh::start(&airflow, &pods, None).unwrap();
    eprintln!("mesh {:?}", start.elapsed());
    let rest = airflow.rest().unwrap();
    for dag in ["sales_daily", "ml_train"] {
        rest.trigger(dag, run, &serde_json::json!({})).unwrap();
    }
    for dag in ["sales_daily", "ml_train"] {
        eprintln!("{dag} {} {:?}", rest.finished(dag, run).unwrap(), start.elapsed());
        eprintln!("{:?}", rest.task_states(dag, run));
    }
    rest.trigger("ml_rogue", run, &serde_json::json!({"victim_run": run, "forged_run": "forged"})).unwrap();
    eprintln!("rogue {} {:?}", rest.finished("ml_rogue", run).unwrap(), start.elapsed());
    eprintln!("{:?}", rest.result("ml_rogue", run, "steal"));
    eprintln!("{:?}", rest.run_state("sales_daily", "forged"));
    eprintln!("{}", rest.task_log("ml_rogue", run, "steal").unwrap());
    for line in mesh.server().access_log().unwrap() { eprintln!("{} {} {} {} {}", line["method"], line["path"], line["response_code"], line["request_id"], line["peer"]); }
    for line in airflow.request_log().unwrap() { eprintln!("{line}"); }
    let end = Instant::now();
    drop(airflow);
    eprintln!("ended {:?}", end.elapsed());
}
