"""ministack, an embedded AWS, with a plug-in that adds what a static-egress network needs.

The plug-in adds, as on AWS: NAT gateways that hold Elastic IPs, in EC2 and CloudFormation; quotas,
CIDR checks, dependency errors and DryRun; functions in VPCs, run by AWS's own runtime client, whose
calls leave through the sandbox's NAT; IAM that is enforced (`iam`); a pace at which progress can be
seen; state that survives a kill, and stack operations that continue after one.

ministack's hooks are private names, so its version is pinned, and tests check the contract. KMS
does not really encrypt, so a real key must never be put into the sandbox.
"""
