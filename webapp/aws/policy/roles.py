"""What roles that Egret makes may do at most, and how CloudFormation's service role is passed."""

from webapp.aws.policy.functions import LOG_GROUPS
from webapp.aws.policy.grants import EVERYTHING, THROUGH_SECRETS_MANAGER, Condition, Grant, own

FUNCTION = "a function runs"
ON_INTERFACES = {
    f"ec2:{action}": own("Lambda puts the function into its network")
    for action in (
        "AssignPrivateIpAddresses",
        "CreateNetworkInterface",
        "DeleteNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "UnassignPrivateIpAddresses",
    )
}
BY_CODE: Condition = {
    "ArnLike": {
        "lambda:SourceFunctionArn": "arn:{partition}:lambda:*:{account}:function:{prefix}-*"
    }
}
"""The code of a function asks: not Lambda itself, and nobody else who may assume the role."""

ON_ROLES = (
    Grant(
        "ReadKeys",
        ("arn:{partition}:secretsmanager:*:{account}:secret:{prefix}/key/*",),
        {"secretsmanager:GetSecretValue": own("a function reads its one key")},
        BY_CODE,
    ),
    Grant(
        "DecryptThem",
        ("arn:{partition}:kms:*:{account}:key/*",),
        {"kms:Decrypt": own("through Secrets Manager alone")},
        THROUGH_SECRETS_MANAGER,
    ),
    Grant(
        "WriteLogs",
        tuple(f"{group}:*" for group in LOG_GROUPS),
        {"logs:CreateLogStream": own(FUNCTION), "logs:PutLogEvents": own(FUNCTION)},
    ),
    Grant(
        "HaveInterfaces",
        EVERYTHING,
        ON_INTERFACES,
        unconfined="Lambda's actions on interfaces know no narrower resource.",
    ),
    Grant("KeepCodeFromInterfaces", EVERYTHING, ON_INTERFACES, BY_CODE, effect="Deny"),
)
PASS_SERVICE_ROLE = Grant(
    "ServiceRole",
    ("{service_role}",),
    {"iam:PassRole": own("CloudFormation acts with its service role")},
    {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
)
