"""
Pretends to be Workday's SOAP services, REST, WQL and reports, as its documents describe them: shapes first, then what
answers.

Written from the vendor's documents alone. Imports `sandbox.tenant`, `sandbox.http` and `sandbox.company`.
"""
