"""What the partners' keys need: Secrets Manager, without reading, and the KMS key."""

from webapp.aws.policy.grants import (
    EVERYTHING,
    MADE_AS_OURS,
    OURS,
    THROUGH_SECRETS_MANAGER,
    Grant,
    Why,
    handlers,
    own,
)

KMS_KEYS = ("arn:{partition}:kms:*:{account}:key/*",)
SECRETS = ("arn:{partition}:secretsmanager:*:{account}:secret:{prefix}/key/*",)
ALIASES = ("arn:{partition}:kms:*:{account}:alias/{prefix}",)

KEYS = (
    Grant(
        "SecretsWithoutReading",
        SECRETS,
        {
            "secretsmanager:CreateSecret": own("a key is stored"),
            "secretsmanager:DescribeSecret": own("whether a version has arrived, and its label"),
            "secretsmanager:PutSecretValue": own("a new version of a key"),
            "secretsmanager:RestoreSecret": own("a key is stored under a name that was deleted"),
            "secretsmanager:TagResource": own("secrets are tagged"),
            "secretsmanager:UpdateSecretVersionStage": own("the previous version is made current"),
        },
    ),
    Grant(
        "DeleteSecretsSoThatTheyCanBeRestored",
        SECRETS,
        {"secretsmanager:DeleteSecret": own("a key is deleted")},
        {"BoolIfExists": {"secretsmanager:ForceDeleteWithoutRecovery": "false"}},
    ),
    Grant("AllSecrets", EVERYTHING, {"secretsmanager:ListSecrets": own("orphans")}),
    Grant(
        "CreateKmsKey",
        EVERYTHING,
        {"kms:CreateKey": handlers("Key"), "kms:TagResource": handlers("Key")},
        MADE_AS_OURS,
        unconfined="A new key has no tag yet. So the tag could be put on another KMS key of the "
        "account, which could then be deleted (in 7 days at the earliest) or get another policy.",
    ),
    Grant(
        "KmsKey",
        KMS_KEYS,
        {
            "kms:CreateAlias": handlers("Alias"),
            "kms:DeleteAlias": handlers("Alias"),
            "kms:DescribeKey": handlers("Key"),
            "kms:EnableKeyRotation": handlers("Key"),
            "kms:GetKeyPolicy": handlers("Key"),
            "kms:GetKeyRotationStatus": handlers("Key"),
            "kms:ListResourceTags": handlers("Key"),
            "kms:PutKeyPolicy": handlers("Key"),
            "kms:ScheduleKeyDeletion": handlers("Key: its creation is rolled back"),
            "kms:TagResource": handlers("Key"),
            "kms:UntagResource": handlers("Key"),
            "kms:UpdateAlias": handlers("Alias"),
        },
        OURS,
    ),
    Grant(
        "KmsAlias",
        ALIASES,
        {
            "kms:CreateAlias": handlers("Alias"),
            "kms:DeleteAlias": handlers("Alias"),
            "kms:UpdateAlias": handlers("Alias"),
        },
    ),
    Grant(
        "AllKmsAliases",
        EVERYTHING,
        {"kms:ListAliases": Why("who has the name of the KMS key", "Alias (read)")},
    ),
    Grant(
        "EncryptThroughSecretsManager",
        KMS_KEYS,
        {
            "kms:Decrypt": own("Secrets Manager decrypts its data key to store a version"),
            "kms:GenerateDataKey": own("Secrets Manager encrypts a version"),
        },
        THROUGH_SECRETS_MANAGER,
    ),
)
