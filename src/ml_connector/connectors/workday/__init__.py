"""Speaks Workday's SOAP services (WWS), REST and WQL, and reports as a service. Reads only: what Workday owns is changed in Workday."""
