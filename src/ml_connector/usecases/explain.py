"""What a plan would decide of one worker now, step by step: from the last reading, without asking either system."""

from __future__ import annotations

from ml_connector.bootstrap import App
from ml_connector.sync.explain import explain_person
from ml_connector.sync.explained import ExplainedWorker
from ml_connector.sync.recall import recall
from ml_connector.usecases.subjects import find_subject


def explain(app: App, worker: str) -> ExplainedWorker:
    """
    Explain the worker whom *worker* names, by any number or id they have.

    Raises:
        UsageError: nothing was read yet, or nobody is known under it.
    """
    recalled = recall(app.tools)
    return explain_person(app.tools, recalled, find_subject(app, recalled, worker))
