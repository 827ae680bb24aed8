# Shortcuts, never the only way: the README names the commands themselves.
.PHONY: help demo check format test journeys
help: ## Say what each target does
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*## /  /'
demo: ## Make a demo installation and start everything
	.venv/bin/portal demo
check: ## Everything CI checks except the tests
	.ci/check
format: ## Put the code in its form
	.venv/bin/ruff format portal migrations tests
	.venv/bin/ruff check --fix portal migrations tests
test: ## The test command of the README
	.venv/bin/pytest
journeys: ## The journeys in Chromium, keeping pictures in var/pictures
	PORTAL_SCREENSHOTS=var/pictures .venv/bin/pytest tests/journeys
