"""Print pip constraints that pin every run-time dependency to its lower bound in pyproject.toml."""

import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
extras = project["optional-dependencies"]
for requirement in [*project["dependencies"], *extras["plot"], *extras["imbalanced"]]:
    print(requirement.replace(">=", "=="))
print("pyparsing<3.3")  # it deprecates what matplotlib 3.8 calls, and warnings are errors
