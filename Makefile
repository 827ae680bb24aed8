.PHONY: help check format test
help: ## Say what each target does
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*## /  /'
check: ## Everything CI checks except the tests
	.venv/bin/ruff format --check portal migrations tests
	.venv/bin/ruff check portal migrations tests
	.venv/bin/mypy portal
	.venv/bin/lint-imports
	.venv/bin/djlint --check templates --quiet || .venv/bin/djlint --lint templates
format: ## Put the code in its form
	.venv/bin/ruff format portal migrations tests
	.venv/bin/ruff check --fix portal migrations tests
test: ## The test command of the README
	.venv/bin/pytest
