"""A search that is changed while it runs, or before it goes on: what is asked for and searched, by the edits so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from nas.config.edit import Edit
from nas.config.search_config import SearchConfig
from nas.errors import InputError
from nas.journal.journal import Journal
from nas.records.joint_space import JointSpace
from nas.records.problem import Problem
from nas.records.trial import OUT
from search_spaces.errors import SpaceError


class Steering:
    """The problem and the question as they are now. A change holds for proposals from then on.

    Trials that a ban or a pin rules out stay: they teach the predictor, and cannot win.

    Args:
        config: as the journal has it, so with all that was taken up.
        problem: with the whole space.
    """

    def __init__(self, journal: Journal, config: SearchConfig, problem: Problem) -> None:
        self.journal, self.config = journal, config
        self._whole = problem
        self._refused: list[str] = []
        self.problem = replace(problem, space=narrowed(problem.space, journal.edits))

    def taken_up(self, stops_only: bool = False) -> list[Edit]:
        """What has been changed since the last call; it stands in the journal as taken up.

        Args:
            stops_only: leave all else for a resume.
        """
        found = []
        for edit in self.journal.new_edits():
            if stops_only and not edit.stop:
                continue
            joint = self._whole.space
            try:
                config = edit.applied(self.config, joint.task.metric)
                space = narrowed(joint, [*self.journal.edits, edit])
            except (InputError, SpaceError) as error:  # it was judged by another state of the search
                self.journal.forget(edit)
                self._refused.append(f"Edit {edit.number} ({edit.words}) is not taken up: {error}")
                continue
            self.config, self.problem = config, replace(self._whole, space=space)
            found.append(self.journal.take_up(edit, config.to_json()))
            mark(self.journal, space)
        return found

    def refused(self) -> list[str]:
        """What to say of edits that could not be taken up; each once."""
        said, self._refused = self._refused, []
        return said


def narrowed(joint: JointSpace, edits: Iterable[Edit]) -> JointSpace:
    """The space by what the edits ban and pin, in order.

    Raises:
        SpaceError: nothing is so called, or nothing is left.
    """
    ban: list[str] = []
    pin: list[str] = []
    for edit in edits:
        ban = [*([] if edit.clear else ban), *edit.ban]
        pin = [*([] if edit.clear else pin), *edit.pin]
    return joint.narrowed(ban, pin)


def mark(journal: Journal, joint: JointSpace) -> None:
    """Notes of every trial that is out by the edits so far that it is, and of others that they are not."""
    marks = {}
    for trial in journal.trials:
        out, was = not joint.permits(trial.decisions), OUT in trial.attributes
        if out != was:
            kept = {name: value for name, value in trial.attributes.items() if name != OUT}
            marks[trial.number] = {**kept, OUT: True} if out else kept
    journal.mark(marks)
