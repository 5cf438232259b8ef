"""What functions and the networks' probes need: Lambda, roles, logs and API Gateway."""

from webapp.aws.policy.grants import (
    DRIFT,
    EVERYTHING,
    OURS,
    WITH_THE_BOUNDARY,
    Condition,
    Grant,
    Why,
    handlers,
    own,
)

LAMBDA = ("arn:{partition}:lambda:*:{account}:function:{prefix}-*",)
ROLES = ("arn:{partition}:iam::{account}:role/{prefix}-*",)
LOG_GROUPS = ("arn:{partition}:logs:*:{account}:log-group:/aws/lambda/{prefix}-*",)
API = "arn:{partition}:apigateway:*::"
FOR_THE_GATEWAY: Condition = {"StringEquals": {"lambda:Principal": "apigateway.amazonaws.com"}}
FOR_LAMBDA: Condition = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
OLD_KEY = "ApiKey, UsagePlan, UsagePlanKey: deleted with, or from, stacks of an older Egret"

FUNCTIONS = (
    Grant(
        "Functions",
        LAMBDA,
        {
            "lambda:CreateAlias": handlers("Alias"),
            "lambda:CreateFunction": handlers("Function"),
            "lambda:DeleteAlias": handlers("Alias"),
            "lambda:DeleteFunction": handlers("Function, Version"),
            "lambda:GetAlias": handlers("Alias"),
            "lambda:GetFunction": Why(DRIFT, "Function"),
            "lambda:GetFunctionCodeSigningConfig": Why(DRIFT, "Function (read)"),
            "lambda:GetFunctionConfiguration": Why("egress path, whose an interface is", "Version"),
            "lambda:GetFunctionRecursionConfig": Why(DRIFT, "Function (read)"),
            "lambda:GetPolicy": handlers("Permission (read)"),
            "lambda:GetProvisionedConcurrencyConfig": handlers("Alias, Version"),
            "lambda:GetRuntimeManagementConfig": Why(DRIFT, "Function (read), Version"),
            "lambda:InvokeFunction": own("a function is called, a network is tested"),
            "lambda:ListTags": handlers("Function (read)"),
            "lambda:ListVersionsByFunction": handlers("Version"),
            "lambda:PublishVersion": handlers("Version"),
            "lambda:RemovePermission": handlers("Permission"),
            "lambda:TagResource": handlers("Function"),
            "lambda:UntagResource": handlers("Function"),
            "lambda:UpdateAlias": handlers("Alias"),
            "lambda:UpdateFunctionCode": handlers("Function"),
            "lambda:UpdateFunctionConfiguration": Why(
                "IPv6 that somebody switched on is switched off", "Function: it follows its network"
            ),
        },
    ),
    Grant(
        "CalledByTheGateway",
        LAMBDA,
        {"lambda:AddPermission": handlers("Permission")},
        FOR_THE_GATEWAY,
    ),
    Grant(
        "Roles",
        ROLES,
        {
            "iam:DeleteRole": handlers("Role"),
            "iam:DeleteRolePolicy": handlers("Policy, Role"),
            "iam:GetRole": Why(DRIFT, "Role"),
            "iam:GetRolePolicy": Why(DRIFT, "Role"),
            "iam:ListAttachedRolePolicies": Why(DRIFT, "Role (read, delete)"),
            "iam:ListRolePolicies": Why(DRIFT, "Role (read, delete)"),
            "iam:ListRoleTags": handlers("Role"),
            "iam:TagRole": handlers("Role"),
            "iam:UntagRole": handlers("Role"),
        },
    ),
    Grant(
        "RolesWithTheBoundary",
        ROLES,
        {
            "iam:CreateRole": handlers("Role"),
            "iam:PutRolePermissionsBoundary": handlers("Role: made before there was a boundary"),
            "iam:PutRolePolicy": handlers("Policy, Role"),
        },
        WITH_THE_BOUNDARY,
    ),
    Grant("RolesForLambda", ROLES, {"iam:PassRole": handlers("Function")}, FOR_LAMBDA),
    Grant(
        "Logs",
        LOG_GROUPS,
        {
            "logs:CreateLogGroup": handlers("LogGroup"),
            "logs:DeleteLogGroup": handlers("LogGroup"),
            "logs:FilterLogEvents": own("requests and logs, and whether a network is idle"),
            "logs:GetDataProtectionPolicy": Why(DRIFT, "LogGroup (read)"),
            "logs:ListTagsForResource": Why(DRIFT, "LogGroup"),
            "logs:PutRetentionPolicy": handlers("LogGroup"),
            "logs:TagResource": handlers("LogGroup"),
            "logs:UntagResource": handlers("LogGroup"),
        },
    ),
    Grant(
        "AllLogs",
        EVERYTHING,
        {
            "logs:DescribeIndexPolicies": Why(DRIFT, "LogGroup (read): knows no resource"),
            "logs:DescribeLogGroups": Why(DRIFT, "LogGroup: asked with an empty name"),
            "logs:DescribeResourcePolicies": Why(DRIFT, "LogGroup (read): knows no resource"),
        },
    ),
    Grant(
        "Metrics",
        EVERYTHING,
        {"cloudwatch:GetMetricData": own("the metrics of a function or a network are shown")},
    ),
    Grant(
        "CreateEndpoints",
        (API + "/restapis", API + "/tags/*"),
        {
            "apigateway:DELETE": handlers("RestApi, Stage: tags of a network that it leaves"),
            "apigateway:GET": handlers("RestApi"),
            "apigateway:POST": handlers("RestApi"),
            "apigateway:PUT": handlers("RestApi: its tags"),
        },
        unconfined="What is created has no tag yet, and /tags has none itself. So the tag could be "
        "put on other REST APIs, which could then be changed or deleted. Tags could also be "
        "taken off.",
    ),
    Grant(
        "Endpoints",
        (API + "/restapis/*",),
        {
            "apigateway:DELETE": handlers("all types of ApiGateway"),
            "apigateway:GET": handlers("all types of ApiGateway"),
            "apigateway:PATCH": handlers("Deployment, Resource, RestApi, Stage"),
            "apigateway:POST": handlers("Deployment, Resource, Stage"),
            "apigateway:PUT": handlers("GatewayResponse, Method"),
        },
        OURS,
    ),
    Grant(
        "CreateCallers",
        (API + "/apikeys", API + "/tags/*", API + "/usageplans"),
        {
            "apigateway:GET": own("the key and the usage plan of a caller are found"),
            "apigateway:POST": own("a caller gets a key and a usage plan"),
            "apigateway:PUT": own("they get their tags"),
        },
        unconfined="As for endpoints. The API keys of others can be listed too, with their values.",
    ),
    Grant(
        "Callers",
        (API + "/apikeys/*", API + "/usageplans/*"),
        {
            "apigateway:DELETE": Why("a caller is revoked", OLD_KEY),
            "apigateway:GET": Why("what a caller used and may use", OLD_KEY),
            "apigateway:PATCH": Why("the limits of a caller are changed", OLD_KEY),
            "apigateway:POST": own("a key is added to its usage plan"),
        },
        OURS,
    ),
)
