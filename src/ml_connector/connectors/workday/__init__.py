"""Speaks Workday's SOAP services (WWS). Reads only: what Workday owns is changed in Workday."""
