"""How the dashboard acts in other accounts: by a role there, of the same name in all of them."""

from webapp.aws.policy.grants import Grant, own

ROLE = "dashboard-for-{prefix}"
"""It does not begin with the prefix: a role's own policies let it change roles that do."""

ACCOUNTS = (
    Grant(
        "ActInOtherAccounts",
        (f"arn:{{partition}}:iam::*:role/{ROLE}",),
        {"sts:AssumeRole": own("networks, addresses and keys of other accounts")},
    ),
)
