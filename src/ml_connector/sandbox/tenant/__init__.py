"""
The made-up manufacturer's people, positions and organizations, with everything ever entered about them.

Knows nothing of SOAP: `sandbox.workday` tells this story in the vendor's words. Imports `sandbox.company` only.
"""
