"""Print pip constraints that pin every run-time dependency to its lower bound in pyproject.toml."""

import tomllib
from pathlib import Path

project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
extras = project["optional-dependencies"]
for requirement in [*project["dependencies"], *extras["plot"], *extras["imbalanced"]]:
    print(requirement.replace(">=", "=="))
# Newer versions of these deprecate what the oldest ones call, and warnings are errors.
print("pytest<9")  # scikit-learn's parametrize_with_checks
print("pyparsing<3.3")  # matplotlib
