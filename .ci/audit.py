"""Known vulnerabilities of what is installed: `python .ci/audit.py`, a part of `make check`.

pip-audit asks its database about every installed package. Where that cannot be reached the audit is skipped, and says
why: being offline is no fault of the project. A vulnerability that is not accepted, with a reason, in
`.ci/accepted-vulnerabilities.toml` makes it exit with 1.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACCEPTED = Path(__file__).parent / "accepted-vulnerabilities.toml"
COMMAND = ("-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--skip-editable", "--timeout", "10")
LONGEST = 180.0  # seconds that the whole audit may take


@dataclass(frozen=True)
class Found:
    """A vulnerability of an installed package; `names` are its id and aliases."""

    package: str
    version: str
    names: tuple[str, ...]
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        cure = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else "no fixed version yet"
        return f"{self.package} {self.version}: {', '.join(self.names)}; {cure}"


def verdict(report: dict[str, Any], accepted: dict[str, str]) -> tuple[int, list[str]]:
    """Exit code and lines to print for pip-audit's JSON and the accepted ids with their reasons."""
    packages = [one for one in report["dependencies"] if "editable" not in one.get("skip_reason", "")]
    looked_up = [one for one in packages if "skip_reason" not in one]
    if not looked_up:
        reason = packages[0]["skip_reason"] if packages else "nothing is installed"
        return 0, [f"Audit skipped: the database answers for none of {len(packages)} packages ({reason})."]
    found = [
        Found(one["name"], one["version"], (bug["id"], *bug.get("aliases", ())), tuple(bug.get("fix_versions", ())))
        for one in looked_up
        for bug in one["vulns"]
    ]
    known = [(one, accepted[name]) for one in found for name in one.names if name in accepted]
    open_ones = [one for one in found if not set(one.names) & set(accepted)]
    lines = [f"Vulnerable: {one}" for one in open_ones]
    lines += [f"Accepted: {one}. {reason}" for one, reason in known]
    lines.append(f"Audit: {len(looked_up)} of {len(packages)} packages looked up, {len(open_ones)} vulnerabilities.")
    if open_ones:
        lines.append(f"Raise the version in constraints.txt, or accept it with a reason in {ACCEPTED.name}.")
    return int(bool(open_ones)), lines


def reason_of(errors: str) -> str:
    """The last thing that pip-audit said."""
    lines = [line for line in errors.splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else "it said nothing"


def main() -> int:
    try:
        done = subprocess.run([sys.executable, *COMMAND], capture_output=True, text=True, timeout=LONGEST, check=False)
        report = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        code, lines = 0, [f"Audit skipped: no answer within {LONGEST:.0f} s."]
    except ValueError:
        code, lines = 0, [f"Audit skipped: pip-audit could not run: {reason_of(done.stderr)}"]
    else:
        code, lines = verdict(report, tomllib.loads(ACCEPTED.read_text(encoding="utf-8"))["accepted"])
    print("\n".join(lines))  # noqa: T201
    return code


if __name__ == "__main__":
    sys.exit(main())
