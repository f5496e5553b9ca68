"""What a task's code asks for through its supervisor, and what becomes of it."""

from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import ErrorResponse


def ask(message):
    """The answer to a message."""
    answer = task_runner.SUPERVISOR_COMMS.send(message)
    if isinstance(answer, ErrorResponse):
        raise RuntimeError(answer)
    return answer


def outcomes_of(attempts):
    """The outcome of each attempt, by its name."""
    outcomes = {name: outcome_of(attempt) for name, attempt in attempts.items()}
    print(outcomes)
    return outcomes


def outcome_of(attempt):
    try:
        return f"got {attempt()}"
    except Exception as error:
        return f"refused: {error}"
