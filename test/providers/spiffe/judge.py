"""Verifies a JWT-SVID with the library of the SPIFFE project, and prints the workload's id.

Standard input is JSON: the token, the key set of the trust domain, and the audience.
"""
import json
import sys

from spiffe import JwtBundle, JwtSvid, TrustDomain

given = json.load(sys.stdin)
bundle = JwtBundle.parse(TrustDomain("acme.example"), json.dumps(given["keySet"]).encode())
print(JwtSvid.parse_and_validate(given["token"], bundle, {given["audience"]}).spiffe_id)
