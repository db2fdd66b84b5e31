"""The shared floor. Nothing in here imports api, worker or cli; only core.training imports torch."""

VERSION = "0.1.0"
