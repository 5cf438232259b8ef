"""What code needs that is too large for the stack of its function: a bucket in each region."""

from webapp.aws.policy.grants import Grant, Why, handlers, own

BUCKETS = "arn:{partition}:s3:::{prefix}-code-{account}-*"

CODE = (
    Grant(
        "CodeBuckets",
        (BUCKETS,),
        {
            "s3:CreateBucket": handlers("Bucket"),
            "s3:DeleteBucket": handlers("Bucket: its creation is rolled back"),
            "s3:DeleteBucketPolicy": handlers("BucketPolicy: its creation is rolled back"),
            "s3:GetBucketOwnershipControls": handlers("Bucket (read)"),
            "s3:GetBucketPolicy": handlers("BucketPolicy"),
            "s3:GetBucketPublicAccessBlock": handlers("Bucket (read)"),
            "s3:GetBucketTagging": handlers("Bucket (read)"),
            "s3:GetEncryptionConfiguration": handlers("Bucket (read)"),
            "s3:ListBucket": handlers("Bucket"),
            "s3:PutBucketOwnershipControls": handlers("Bucket"),
            "s3:PutBucketPolicy": handlers("BucketPolicy"),
            "s3:PutBucketPublicAccessBlock": handlers("Bucket"),
            "s3:PutBucketTagging": handlers("Bucket"),
            "s3:PutEncryptionConfiguration": handlers("Bucket"),
        },
    ),
    Grant(
        "Code",
        (BUCKETS + "/code/*",),
        {
            "s3:GetObject": Why("whether code is there already", "Function: its code"),
            "s3:PutObject": own("code that is too large for a stack is uploaded"),
        },
    ),
)
