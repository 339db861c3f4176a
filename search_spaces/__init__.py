"""What can be built: a small language for search spaces, their cells and a catalogue.

Everything that other code may rely on is importable from here. (`profile` is imported at once, not on demand: a
function that shares its name with its module must be bound after the module was loaded.)
"""

from search_spaces.architecture import Architecture
from search_spaces.catalog import SPACES, load_space
from search_spaces.dsl import Choice, Repeat, Tied, resolve
from search_spaces.errors import RuleError, SpaceError
from search_spaces.known import Known
from search_spaces.network import build
from search_spaces.profile import Profile, profile
from search_spaces.space import Space
from search_spaces.task import Task

__all__ = [
    "SPACES",
    "Architecture",
    "Choice",
    "Known",
    "Profile",
    "Repeat",
    "RuleError",
    "Space",
    "SpaceError",
    "Task",
    "Tied",
    "build",
    "load_space",
    "profile",
    "resolve",
]
