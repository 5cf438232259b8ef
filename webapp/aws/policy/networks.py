"""What networks and their addresses need: EC2, and the quotas."""

from webapp.aws.policy.grants import DRIFT, EVERYTHING, OURS, Condition, Grant, Why, handlers, own

EC2 = "arn:{partition}:ec2:*:{account}:"
TAGGED_ON_CREATION: Condition = {
    "StringEquals": {
        "ec2:CreateAction": [
            "AllocateAddress",
            "CreateInternetGateway",
            "CreateNatGateway",
            "CreateRouteTable",
            "CreateSecurityGroup",
            "CreateSubnet",
            "CreateVpc",
            "CreateVpcEndpoint",
        ]
    }
}

NETWORKS = (
    Grant(
        "See",
        EVERYTHING,
        {
            "ec2:DescribeAddresses": own("addresses, their quota, and those that are lost"),
            "ec2:DescribeAvailabilityZones": own("the zones of a network"),
            "ec2:DescribeCarrierGateways": own("what is in the way of a deletion"),
            "ec2:DescribeEgressOnlyInternetGateways": own("what is in the way of a deletion"),
            "ec2:DescribeInstances": handlers("SecurityGroup (delete)"),
            "ec2:DescribeInternetGateways": Why("quota, egress path", "InternetGateway"),
            "ec2:DescribeNatGateways": Why("quota, egress path", "NatGateway"),
            "ec2:DescribeNetworkAcls": Why("egress path, drift", "Subnet, VPC (read)"),
            "ec2:DescribeNetworkInterfaces": Why(
                "a deletion waits for Lambda's", "Route, Function"
            ),
            "ec2:DescribeRouteTables": Why("egress path, drift", "Route, RouteTable"),
            "ec2:DescribeSecurityGroupVpcAssociations": own("what is in the way of a deletion"),
            "ec2:DescribeSecurityGroups": Why("egress path, drift", "SecurityGroup, VPCEndpoint"),
            "ec2:DescribeSubnets": Why("egress path, quota per zone", "Subnet, VPCEndpoint"),
            "ec2:DescribeVpcAttribute": Why("drift", "VPC"),
            "ec2:DescribeVpcBlockPublicAccessExclusions": own("what would block all egress"),
            "ec2:DescribeVpcBlockPublicAccessOptions": own("what would block all egress"),
            "ec2:DescribeVpcEncryptionControls": Why(DRIFT, "VPC (read)"),
            "ec2:DescribeVpcEndpoints": Why("what is in the way of a deletion", "VPCEndpoint"),
            "ec2:DescribeVpcPeeringConnections": own("ranges that a new network may not overlap"),
            "ec2:DescribeVpcs": Why("quota, ranges", "VPC, VPCEndpoint, Function"),
            "ec2:DescribeVpnGateways": Why(
                "what is in the way of a deletion", "VPCGatewayAttachment"
            ),
            "servicequotas:GetAWSDefaultServiceQuota": own("quotas, before anything is created"),
            "servicequotas:GetServiceQuota": own("quotas, before anything is created"),
        },
    ),
    Grant(
        "Create",
        EVERYTHING,
        {
            "ec2:AllocateAddress": own("an address outlives its network, so no stack makes it"),
            "ec2:CreateInternetGateway": Why("dry run", "InternetGateway"),
            "ec2:CreateNatGateway": Why("dry run", "NatGateway"),
            "ec2:CreateRouteTable": Why("dry run", "RouteTable"),
            "ec2:CreateSecurityGroup": Why("dry run", "SecurityGroup"),
            "ec2:CreateSubnet": Why("dry run", "Subnet"),
            "ec2:CreateVpc": Why("dry run", "VPC"),
            "ec2:CreateVpcEndpoint": handlers("VPCEndpoint"),
        },
        unconfined="What is created has no tag yet, and creating takes nothing from others.",
    ),
    Grant(
        "TagWhatIsCreated",
        (EC2 + "*/*",),
        {"ec2:CreateTags": Why("addresses, dry run", "all types of EC2")},
        TAGGED_ON_CREATION,
    ),
    Grant(
        "TagAddresses",
        (EC2 + "elastic-ip/*",),
        {"ec2:CreateTags": own("an address of the account is adopted, renamed, given tags")},
        unconfined="An address that is adopted has no tag of Egret's before. So any address of the "
        "account that nothing uses could be tagged, and then released.",
    ),
    Grant(
        "Change",
        EVERYTHING,
        {
            "ec2:AssociateRouteTable": Why("drift is restored", "SubnetRouteTableAssociation"),
            "ec2:AttachInternetGateway": handlers("VPCGatewayAttachment"),
            "ec2:AuthorizeSecurityGroupEgress": Why("drift is restored", "SecurityGroup"),
            "ec2:CreateRoute": Why("drift is restored", "Route"),
            "ec2:CreateTags": handlers("all types of EC2: tags of a stack that change"),
            "ec2:DeleteInternetGateway": handlers("InternetGateway"),
            "ec2:DeleteNatGateway": Why("an orphan, or what parking left", "NatGateway: parking"),
            "ec2:DeleteRoute": Why("drift is restored", "Route: parking, deletion"),
            "ec2:DeleteRouteTable": handlers("RouteTable"),
            "ec2:DeleteSecurityGroup": handlers("SecurityGroup"),
            "ec2:DeleteSubnet": handlers("Subnet"),
            "ec2:DeleteTags": Why("an address is given up by its network", "all types of EC2"),
            "ec2:DeleteVpc": handlers("VPC"),
            "ec2:DeleteVpcEndpoints": handlers("VPCEndpoint"),
            "ec2:DetachInternetGateway": handlers("VPCGatewayAttachment"),
            "ec2:DisassociateRouteTable": handlers("SubnetRouteTableAssociation"),
            "ec2:DisassociateSubnetCidrBlock": own("IPv6 that somebody added is taken away"),
            "ec2:DisassociateVpcCidrBlock": own("IPv6 that somebody added is taken away"),
            "ec2:ModifySubnetAttribute": Why("drift is restored", "Subnet"),
            "ec2:ModifyVpcAttribute": Why("drift is restored", "VPC"),
            "ec2:ModifyVpcEndpoint": handlers("VPCEndpoint: a network grows by a zone"),
            "ec2:ReleaseAddress": own("an address is released once its name is typed"),
            "ec2:ReplaceRoute": Why("drift is restored", "Route"),
            "ec2:ReplaceRouteTableAssociation": Why(
                "drift is restored", "SubnetRouteTableAssociation"
            ),
            "ec2:RevokeSecurityGroupEgress": Why("drift is restored", "SecurityGroup"),
            "ec2:RevokeSecurityGroupIngress": own("drift is restored"),
        },
        OURS,
    ),
    Grant(
        "RestoreAcls",
        (EC2 + "network-acl/*", EC2 + "subnet/*"),
        {
            "ec2:CreateNetworkAclEntry": own("drift is restored"),
            "ec2:DeleteNetworkAclEntry": own("drift is restored"),
            "ec2:ReplaceNetworkAclAssociation": own("drift is restored"),
            "ec2:ReplaceNetworkAclEntry": own("drift is restored"),
        },
        unconfined="EC2 makes a VPC's default network ACL by itself, without tags. So the entries "
        "of other VPCs' ACLs could be changed.",
    ),
    Grant(
        "DeleteInterfaces",
        (EC2 + "network-interface/*",),
        {"ec2:DeleteNetworkInterface": own("interfaces that Lambda left behind")},
        unconfined="Lambda makes its interfaces by itself, without our tags. EC2 deletes none that "
        "is in use.",
    ),
)
