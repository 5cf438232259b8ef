"""ministack, an embedded AWS, with a plug-in that adds what a static-egress network needs.

Added, as AWS does it: NAT gateways and Elastic IPs that belong together, in EC2 and CloudFormation;
quotas, CIDR checks, dependency errors and DryRun; functions in VPCs, run by AWS's own runtime
client, with the sandbox's NAT as their way out; a pace at which progress can be seen; state that
survives a kill, and stacks that go on after it.

ministack's hooks are private names, so its version is exact, and contract tests stand beside this.
What is not like AWS: IAM policies are stored but not enforced, and KMS does not really encrypt, so
a real key must never be put into the sandbox.
"""
