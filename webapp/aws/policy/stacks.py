"""What the dashboard does with its stacks. CloudFormation's handlers need none of this."""

from webapp.aws.policy.grants import EVERYTHING, Grant, own

STACKS = (
    Grant(
        "Stacks",
        ("arn:{partition}:cloudformation:*:{account}:stack/{prefix}-*/*",),
        {
            "cloudformation:ContinueUpdateRollback": own("a rollback that is stuck goes on"),
            "cloudformation:CreateChangeSet": own("a change is previewed"),
            "cloudformation:CreateStack": own("networks, functions and the KMS key are stacks"),
            "cloudformation:DeleteChangeSet": own("a preview is withdrawn"),
            "cloudformation:DeleteStack": own("networks and functions are deleted"),
            "cloudformation:DescribeChangeSet": own("a change is previewed"),
            "cloudformation:DescribeEvents": own("what early validation refuses, and why"),
            "cloudformation:DescribeStackEvents": own("the timeline, and the reason of a failure"),
            "cloudformation:DescribeStackResourceDrifts": own("drift"),
            "cloudformation:DescribeStackResources": own("what a deletion could not delete; drift"),
            "cloudformation:DescribeStacks": own("progress"),
            "cloudformation:DetectStackDrift": own("drift"),
            "cloudformation:DetectStackResourceDrift": own(
                "DetectStackDrift asks for each resource"
            ),
            "cloudformation:TagResource": own("stacks are tagged"),
            "cloudformation:UntagResource": own("tags of a stack are taken off"),
            "cloudformation:UpdateStack": own("networks and functions change"),
            "cloudformation:UpdateTerminationProtection": own("networks are protected"),
        },
    ),
    Grant(
        "AllStacks",
        EVERYTHING,
        {
            "cloudformation:BatchDescribeTypeConfigurations": own("drift; knows no resource"),
            "cloudformation:DescribeStackDriftDetectionStatus": own("drift; asked by its own id"),
            "cloudformation:ListStacks": own("DescribeStacks without a name: orphans"),
        },
    ),
)
