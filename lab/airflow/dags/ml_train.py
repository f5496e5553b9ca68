"""Team ml: two tasks, the second reads the XCom of the first."""

from airflow.sdk import dag, task


@dag(schedule=None, default_args={"queue": "ml"})
def ml_train():
    @task
    def features():
        return {"age": 0.4, "income": 0.6}

    @task
    def train(weights):
        print(f"trained on {sorted(weights)}")

    train(features())


ml_train()
