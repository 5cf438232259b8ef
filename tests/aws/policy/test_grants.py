"""The grants: all that is called is allowed, nothing else is, and harm is confined."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import botocore.session
from botocore import xform_name

from tests.aws.cloudformation.test_templates import PLANS
from tests.fast import thorough
from webapp.aws.cloudformation.conditions import parse
from webapp.aws.policy import GRANTS, Grant
from webapp.sandbox.embedded_aws.iam.handlers import LINE, TABLE

ROOT = Path(__file__).parents[3]
HANDLERS: dict[str, dict[str, list[str]]] = json.loads(
    Path(__file__).with_name("handlers.json").read_text()
)
LEFT_OUT = {
    "Code signing, concurrency, layers and managed instances of functions": (
        "lambda:DeleteFunctionCodeSigningConfig lambda:DeleteFunctionConcurrency "
        "lambda:GetCodeSigningConfig lambda:GetFunctionScalingConfig lambda:GetLayerVersion "
        "lambda:PassCapacityProvider lambda:PutFunctionCodeSigningConfig "
        "lambda:PutFunctionConcurrency lambda:PutFunctionRecursionConfig "
        "lambda:PutFunctionScalingConfig lambda:PutRuntimeManagementConfig"
    ),
    "Versions that are kept running, and moves of an alias in steps": (
        "codedeploy:CreateDeployment codedeploy:GetDeployment codedeploy:GetDeploymentConfig "
        "codedeploy:GetDeploymentGroup codedeploy:StopDeployment "
        "lambda:DeleteProvisionedConcurrencyConfig lambda:PutProvisionedConcurrencyConfig"
    ),
    "Policies of users and groups": (
        "iam:DeleteGroupPolicy iam:DeleteUserPolicy iam:GetGroupPolicy iam:GetUserPolicy "
        "iam:PutGroupPolicy iam:PutUserPolicy"
    ),
    "Versions of code in S3, and file systems of functions": (
        "elasticfilesystem:DescribeMountTargets s3:GetObjectVersion s3files:ListMountTargets"
    ),
    "What our bucket of code does not have": (
        "s3:CreateBucketMetadataTableConfiguration s3:DeleteBucketAnalyticsConfiguration "
        "s3:DeleteBucketCors s3:DeleteBucketEncryption s3:DeleteBucketLifecycle "
        "s3:DeleteBucketMetadataTableConfiguration s3:DeleteBucketMetricsConfiguration "
        "s3:DeleteBucketReplication s3:DeleteBucketWebsite s3:DeleteObject "
        "s3:GetAccelerateConfiguration s3:GetAnalyticsConfiguration s3:GetBucketAcl "
        "s3:GetBucketCORS s3:GetBucketLogging s3:GetBucketMetadataTableConfiguration "
        "s3:GetBucketNotification s3:GetBucketObjectLockConfiguration s3:GetBucketVersioning "
        "s3:GetBucketWebsite s3:GetIntelligentTieringConfiguration "
        "s3:GetInventoryConfiguration s3:GetLifecycleConfiguration "
        "s3:GetMetricsConfiguration s3:GetReplicationConfiguration "
        "s3:PutAccelerateConfiguration s3:PutAnalyticsConfiguration s3:PutBucketAcl "
        "s3:PutBucketCORS s3:PutBucketLogging s3:PutBucketNotification "
        "s3:PutBucketObjectLockConfiguration s3:PutBucketReplication s3:PutBucketVersioning "
        "s3:PutBucketWebsite s3:PutIntelligentTieringConfiguration "
        "s3:PutInventoryConfiguration s3:PutLifecycleConfiguration "
        "s3:PutMetricsConfiguration s3:PutObjectAcl s3:PutObjectLockConfiguration "
        "s3:PutReplicationConfiguration s3:UpdateBucketMetadataInventoryTableConfiguration "
        "s3:UpdateBucketMetadataJournalTableConfiguration s3tables:CreateNamespace "
        "s3tables:CreateTable s3tables:CreateTableBucket s3tables:GetTable "
        "s3tables:GetTableMetadataLocation s3tables:PutTableEncryption "
        "s3tables:PutTablePolicy s3tables:UpdateTableMetadataLocation"
    ),
    "Environment variables and logs that are encrypted with a key of the customer": (
        "kms:CreateGrant kms:Decrypt kms:Encrypt kms:GenerateDataKey logs:AssociateKmsKey "
        "logs:DisassociateKmsKey"
    ),
    "Policies, indexes, deliveries and protection of a log": (
        "firehose:TagDeliveryStream logs:CreateLogDelivery logs:DeleteDataProtectionPolicy "
        "logs:DeleteIndexPolicy logs:DeleteResourcePolicy logs:DeleteRetentionPolicy "
        "logs:PutBearerTokenAuthentication logs:PutDataProtectionPolicy logs:PutIndexPolicy "
        "logs:PutLogGroupDeletionProtection logs:PutResourcePolicy s3:REST.PUT.OBJECT"
    ),
    "The policy of an API": "apigateway:UpdateRestApiPolicy",
    "Managed policies and descriptions of roles; their boundary stays": (
        "iam:AttachRolePolicy iam:DeleteRolePermissionsBoundary iam:DetachRolePolicy "
        "iam:UpdateAssumeRolePolicy iam:UpdateRole iam:UpdateRoleDescription"
    ),
    "The KMS key is neither switched off nor described anew": (
        "kms:DisableKey kms:DisableKeyRotation kms:EnableKey kms:UpdateKeyDescription"
    ),
    "Other ways out of a VPC than an internet gateway": "ec2:AttachVpnGateway ec2:DetachVpnGateway",
    "Ranges, tenancy and encryption that our templates do not set": (
        "ec2:AssociateSubnetCidrBlock ec2:CreateVpcEncryptionControl "
        "ec2:DisassociateSubnetCidrBlock ec2:ModifyVpcTenancy"
    ),
    "Rules that let something in, and descriptions that change": (
        "ec2:AuthorizeSecurityGroupIngress ec2:RevokeSecurityGroupIngress "
        "ec2:UpdateSecurityGroupRuleDescriptionsEgress "
        "ec2:UpdateSecurityGroupRuleDescriptionsIngress"
    ),
    "Private or secondary addresses of a NAT gateway": (
        "ec2:AssignPrivateNatGatewayAddress ec2:AssociateNatGatewayAddress "
        "ec2:DisassociateNatGatewayAddress ec2:UnassignPrivateNatGatewayAddress"
    ),
    "Endpoints of VPC Lattice and of other regions": (
        "vpc-lattice:CreateServiceNetworkVpcEndpointAssociation "
        "vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation vpce:AllowMultiRegion"
    ),
}
"""What handlers declare for properties that our templates do not use."""
SERVICES = (
    "apigateway",
    "cloudformation",
    "cloudwatch",
    "ec2",
    "kms",
    "lambda",
    "logs",
    "s3",
    "secretsmanager",
    "service-quotas",
    "sts",
)
ACTIONS_OF_CALLS = {
    "apigateway:CreateApiKey": {"apigateway:POST", "apigateway:PUT"},
    "apigateway:CreateUsagePlan": {"apigateway:POST", "apigateway:PUT"},
    "apigateway:CreateUsagePlanKey": {"apigateway:POST"},
    "apigateway:DeleteApiKey": {"apigateway:DELETE"},
    "apigateway:DeleteUsagePlan": {"apigateway:DELETE"},
    "apigateway:GetApiKeys": {"apigateway:GET"},
    "apigateway:GetUsage": {"apigateway:GET"},
    "apigateway:GetUsagePlan": {"apigateway:GET"},
    "apigateway:GetUsagePlans": {"apigateway:GET"},
    "apigateway:UpdateUsagePlan": {"apigateway:PATCH"},
    "lambda:ListAliases": set(),
    "monitoring:GetMetricData": {"cloudwatch:GetMetricData"},
    "lambda:Invoke": {"lambda:InvokeFunction"},
    "s3:HeadObject": {"s3:GetObject"},
    "sts:GetCallerIdentity": set(),
    "cloudformation:DescribeStacks": {"cloudformation:DescribeStacks", "cloudformation:ListStacks"},
    "cloudformation:DetectStackDrift": {
        "cloudformation:BatchDescribeTypeConfigurations",
        "cloudformation:DetectStackDrift",
        "cloudformation:DetectStackResourceDrift",
        "ec2:DescribeVpcEncryptionControls",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "lambda:GetFunction",
        "lambda:GetFunctionCodeSigningConfig",
        "lambda:GetFunctionRecursionConfig",
        "lambda:GetRuntimeManagementConfig",
        "logs:DescribeIndexPolicies",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetDataProtectionPolicy",
        "logs:ListTagsForResource",
    },
    "cloudformation:CreateStack": {
        "cloudformation:CreateStack",
        "cloudformation:TagResource",
        "cloudformation:UntagResource",
    },
    "secretsmanager:CreateSecret": {
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "secretsmanager:CreateSecret",
        "secretsmanager:TagResource",
    },
}
"""What IAM asks for where that is not the action of the same name: the service authorization
reference. Secrets Manager encrypts as its caller; drift is detected as its caller. Only KMS is
asked for aliases."""
OPTIONAL = {"lambda:ListFunctions"}
"""Its answer shows the variables of all functions, so Egret does without it where it must."""
READING = re.compile(r":(BatchDescribe|Describe|Filter|Get|List)|:GET$")
NAMED = re.compile(r"\{prefix\}")
CONFINING = re.compile("aws:ResourceTag|ec2:CreateAction|kms:ViaService")


def granted(reason: str) -> set[str]:
    return {
        action for grant in GRANTS for action, why in grant.actions.items() if getattr(why, reason)
    }


def types_of_templates() -> set[str]:
    templates = [parse(plan.body) for plan in PLANS.values()]
    return {resource["Type"] for each in templates for resource in each["Resources"].values()}


def declared() -> set[str]:
    """What the handlers of our resources may call, whatever the properties."""
    return {
        action
        for name in types_of_templates()
        for step in HANDLERS[name].values()
        for action in step
    }


def test_what_cloudformations_handlers_call_is_allowed_or_left_out_with_a_reason() -> None:
    left_out = {action for actions in LEFT_OUT.values() for action in actions.split()}
    assert declared() - granted("handlers") == left_out


def test_nothing_is_allowed_for_a_handler_that_none_declares() -> None:
    assert granted("handlers") <= declared()


@thorough("all sources are read")
def test_each_call_of_the_dashboard_is_allowed_and_nothing_else_is() -> None:
    needed = {action for call in calls() for action in ACTIONS_OF_CALLS.get(call, {call})}
    assert granted("own") == needed - OPTIONAL


def test_the_dashboard_may_read_what_drift_is_detected_of() -> None:
    """As the caller of DetectStackDrift, whoever else CloudFormation acts as."""
    network = parse((ROOT / "webapp/aws/cloudformation/network.yaml").read_text())
    types = {resource["Type"] for resource in network["Resources"].values()}
    lines = [line for name in types for line in TABLE[name]["read"]]
    asked = {match.group(2) for match in map(LINE.fullmatch, lines) if match}
    assert asked <= granted("own")


def test_what_could_do_harm_is_for_what_is_egrets_or_says_why_it_cannot_be() -> None:
    wide = [grant for grant in GRANTS if not is_confined(grant)]
    assert {grant.sid for grant in wide if not grant.unconfined} == set()
    assert {grant.sid for grant in GRANTS if grant.unconfined} == {grant.sid for grant in wide}


def test_no_action_is_a_pattern_and_none_reads_a_secret_or_a_users_password() -> None:
    actions = granted("own") | granted("handlers")
    assert not [action for action in actions if not re.fullmatch(r"[a-z0-9-]+:[A-Za-z]+", action)]
    assert "secretsmanager:GetSecretValue" not in actions


def test_every_action_of_every_grant_has_a_reason() -> None:
    assert all(why.own or why.handlers for grant in GRANTS for why in grant.actions.values())


def is_confined(grant: Grant) -> bool:
    """It only reads, or its resources are named by the prefix, or a condition holds for ours."""
    reads = all(READING.search(action) for action in grant.actions)
    named = all(NAMED.search(resource) for resource in grant.resources)
    return reads or named or bool(CONFINING.search(str(grant.condition)))


def calls() -> set[str]:
    """What the source of `webapp.aws` names of boto3's methods and waits, by AWS's names."""
    session: Any = botocore.session.get_session()
    names = set()
    for file in (ROOT / "webapp" / "aws").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute):
                names.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                names.add(node.value)
    models = [session.get_service_model(service) for service in SERVICES]
    return {
        f"{model.signing_name}:{operation}"
        for model in models
        for operation in model.operation_names
        if xform_name(operation) in names
    }
