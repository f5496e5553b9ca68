"""Teams sales and ml: two tasks each, the second reads the first's XCom and a variable of its team."""

from airflow.sdk import Variable, dag, task


def daily(team):
    @dag(dag_id=f"{team}_daily", schedule=None)
    def two_tasks():
        @task
        def extract():
            return [19, 23]

        @task
        def load(numbers):
            return f"{sum(numbers)} {Variable.get(f'{team}_plan')}"

        load(extract())

    return two_tasks()


sales = daily("sales")
ml = daily("ml")
