"""From alerts to people: grouping, timing, sending, and the record of what was sent."""

from farwatch.hub.alerting.acknowledgements import (
    Acknowledgements,
    AlertNotFiringError,
    NotAcknowledgedError,
)
from farwatch.hub.alerting.alerts import Alert, AlertEvent, KnownAlert, Origin, Transition
from farwatch.hub.alerting.config import DEFAULT, Config, ConfigError, ConfigFile, check, load
from farwatch.hub.alerting.configuration import (
    ConfigChangedError,
    ConfigLockedError,
    Configuration,
    NoConfigFileError,
    first_file,
)
from farwatch.hub.alerting.editing.files import ConfigNotWrittenError
from farwatch.hub.alerting.editing.versions import Cause, VersionNotFoundError, Versions
from farwatch.hub.alerting.errors import AlertingError, AlertNotFoundError, AlertsNotKeptError
from farwatch.hub.alerting.history import History, HistoryKeeper
from farwatch.hub.alerting.labelling import unlabelled
from farwatch.hub.alerting.postings import Postings
from farwatch.hub.alerting.receivers import open_http_session
from farwatch.hub.alerting.service import Alerting
from farwatch.hub.alerting.silences import SilenceNotFoundError
from farwatch.hub.alerting.trial import ReceiverNotFoundError
from farwatch.hub.alerting.watch import ConfigurationWatch

__all__ = [
    "DEFAULT",
    "Acknowledgements",
    "Alert",
    "AlertEvent",
    "AlertNotFiringError",
    "AlertNotFoundError",
    "Alerting",
    "AlertingError",
    "AlertsNotKeptError",
    "Cause",
    "Config",
    "ConfigChangedError",
    "ConfigError",
    "ConfigFile",
    "ConfigLockedError",
    "ConfigNotWrittenError",
    "Configuration",
    "ConfigurationWatch",
    "History",
    "HistoryKeeper",
    "KnownAlert",
    "NoConfigFileError",
    "NotAcknowledgedError",
    "Origin",
    "Postings",
    "ReceiverNotFoundError",
    "SilenceNotFoundError",
    "Transition",
    "VersionNotFoundError",
    "Versions",
    "check",
    "first_file",
    "load",
    "open_http_session",
    "unlabelled",
]
