"""Which failed trainings are tried again, and when failures end the search."""

from __future__ import annotations

from nas.records.trial import Trial

OOMS_RETRIED = 2
FAILURES_IN_A_ROW = 8


class Retries:
    """A lost worker may be bad luck; what ran out of memory may fit alone, at the cost of idle slots."""

    def __init__(self) -> None:
        self._ooms = 0
        self._in_a_row: list[str] = []

    def worth_another(self, trial: Trial, failure: str, slots: int) -> bool:
        """Whether this training, which has just failed, is to be tried once more."""
        if trial.attempts > 1:
            return False
        self._ooms += failure == "oom"
        return failure == "lost" or (failure == "oom" and self._ooms <= OOMS_RETRIED and slots > 1)

    def hopeless(self, trial: Trial) -> int:
        """Counts a trial that has ended; how many failed in a row for one reason, once they are too many, else 0."""
        repeats = trial.failure and trial.failure in self._in_a_row
        self._in_a_row = [*self._in_a_row, trial.failure] if repeats else [trial.failure]
        count = len(self._in_a_row)
        return count if trial.failure and count >= FAILURES_IN_A_ROW else 0
