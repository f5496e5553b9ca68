"""Team ml, hostile: its task chooses the queue of team sales, and reads an XCom as a worker of that team."""

from airflow.sdk import Connection, dag, task


@dag(schedule=None)
def ml_smuggler():
    @task(queue="sales")
    def read():
        return Connection.get("sales_db").host

    read()


ml_smuggler()
