"""The one choice between Workday's surfaces: SOAP, REST with WQL, or a report; all are the same port."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ml_connector.connectors.hands import rest
from ml_connector.connectors.port import Connector
from ml_connector.connectors.transport import Transport
from ml_connector.connectors.workday.auth import Credential, Keep
from ml_connector.connectors.workday.connector import WorkdayConnector
from ml_connector.connectors.workday.report import ReportConnector
from ml_connector.connectors.workday.rest_connector import RestConnector
from ml_connector.settings.workday import WorkdayConnection

_SURFACES = {"soap": WorkdayConnector, "rest": RestConnector, "report": ReportConnector}


def open_workday(
    settings: WorkdayConnection,
    *,
    credential: Credential,
    keep: Keep,
    transport: Transport,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None] = rest,
    pay_rates: bool = False,
) -> Connector:
    """
    Build the connector of the configured surface.

    Raises:
        ConfigurationError: names in it that do not exist, or a version that is not read.
    """
    connector: Connector = _SURFACES[settings.surface](
        settings,
        credential=credential,
        keep=keep,
        transport=transport,
        clock=clock,
        sleep=sleep,
        pay_rates=pay_rates,
    )
    return connector
