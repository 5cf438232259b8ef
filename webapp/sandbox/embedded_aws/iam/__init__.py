"""IAM of the embedded AWS: who asks, what that needs, and whether the policies allow it.

ministack has an evaluator of policies, a check of signatures and a way to find the action of a
request, which it uses with `AUTH=true`. The plug-in builds on them, and adds what differs from AWS:
every access key has a secret that is checked, the account's number too; a request may need more
than one permission; SCPs; the words of a refusal; CloudFormation's handlers act as their caller.
"""
