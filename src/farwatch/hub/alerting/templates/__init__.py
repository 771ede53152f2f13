"""Go templates, with Alertmanager's data, functions and named templates."""

from farwatch.hub.alerting.templates.library import (
    Template,
    TemplateFailedError,
    TemplateFilesError,
    TemplateLibrary,
    calling,
)

__all__ = ["Template", "TemplateFailedError", "TemplateFilesError", "TemplateLibrary", "calling"]
