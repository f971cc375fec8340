"""
Speaks Workday's SOAP services (WWS), REST and WQL, and reports as a service.

Reads all but one thing: cost centers are written too, where Plex owns them. What Workday owns is changed in Workday.
"""
